import threadedFactory from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js';
import loaderUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js?url';
import { wasmWorkerContents } from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js';
import wasmUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { noteResource } from '../worker/resources';

/** A wasm module with threads, ready for `new BackendWasm(module)`. */
export interface WasmThreads {
  readonly module: object;
}

/** Compiles the build, whose imports are changed: it takes half of the cores that it is told of. */
function instantiate(threads: number, fail: (error: unknown) => void): EmscriptenConfig['instantiateWasm'] {
  return (imports, receive) => {
    imports.env['emscripten_num_logical_cores'] = () => 2 * threads;
    const source = WebAssembly.instantiateStreaming(
      fetch(wasmUrl),
      imports as unknown as WebAssembly.Imports,
    );
    source.then(({ instance, module }) => {
      receive(instance, module);
    }, fail);
    return {};
  };
}

/**
 * Loads the threaded build of tfjs's wasm backend. tfjs itself gives its threads the text of a function that a minifier
 * may have changed; here they load the published file.
 *
 * @param threads In 2 .. 8: the published build has eight workers, and a ninth thread would wait for its for ever. The page must be isolated from other origins.
 */
export async function loadWasmThreads(threads: number): Promise<WasmThreads> {
  // Its line ends inside string literals have lost their backslash.
  const worker = new Blob([wasmWorkerContents.replaceAll('\n', '\\n')], { type: 'text/javascript' });
  const mainScript = new URL(loaderUrl, import.meta.url).href;
  noteResource(mainScript); // loaded by the threads
  const workerUrl = URL.createObjectURL(worker);
  const module = await new Promise<EmscriptenModule>((resolve, reject) => {
    const config: EmscriptenConfig = {
      mainScriptUrlOrBlob: mainScript,
      locateFile: (file) => (file.endsWith('.worker.js') ? workerUrl : wasmUrl),
      instantiateWasm: instantiate(threads, reject),
    };
    threadedFactory(config).then(resolve, reject);
  });
  const tfjs = tfjsFunctions(module, threads);
  return { module: Object.assign(module, { tfjs }) };
}

/** The functions by which tfjs calls the module, as its own loader makes them. */
function tfjsFunctions(module: EmscriptenModule, threads: number) {
  const start = module.cwrap('init_with_threads_count', null, ['number']);
  return {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: () => start(threads),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  };
}
