import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { withoutNewListeners } from './withoutNewListeners';

/** What is used of the emscripten module; the rest is for BackendWasm. */
interface ThreadedModule {
  PThread: { terminateAllThreads(): void };
  cwrap(
    name: string,
    returnType: 'number' | null,
    argumentTypes: readonly 'number'[],
  ): (...args: number[]) => number;
}

interface FactoryConfig {
  instantiateWasm(
    imports: { env: Record<string, unknown> },
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): WebAssembly.Exports;
  locateFile(file: string): string;
}

const NAME = 'tfjs-backend-wasm-threaded-simd';

/** Most threads that the published build has workers for; one more would wait for its worker for ever. */
export const MAX_THREADS = 8;

/** A wasm module with threads, ready for `new BackendWasm(module)`. */
export interface WasmThreads {
  readonly module: object;
  /** Threads that it really has, once it is a backend. */
  readonly countThreads: () => number;
  readonly terminate: () => void;
}

/**
 * Loads the threaded build of tfjs's wasm backend, which tfjs itself never does in Node: it believes that there are no
 * threads, and loads workers from a blob address, which only browsers can. The build and its loader are in the package
 * and know Node's worker threads.
 *
 * Results are the same bits whatever the number of threads: each number is summed up by one thread, in the same order.
 *
 * @param threads In 2 .. MAX_THREADS.
 */
export async function loadWasmThreads(threads: number): Promise<WasmThreads> {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out');
  const factory = require(join(folder, `${NAME}.js`)) as (config: FactoryConfig) => Promise<ThreadedModule>;
  const { wasmWorkerContents } = require(join(folder, `${NAME}.worker.js`)) as { wasmWorkerContents: string };
  const compiled = new WebAssembly.Module(readFileSync(join(folder, `${NAME}.wasm`)));

  // The worker is published as a string; its line ends inside string literals have lost their backslash.
  const scratch = mkdtempSync(join(tmpdir(), 'meanflow-wasm-'));
  const worker = join(scratch, 'worker.cjs');
  writeFileSync(worker, wasmWorkerContents.replaceAll('\n', '\\n'));
  try {
    const module = await withoutNewListeners(() =>
      factory({
        instantiateWasm(imports, receive) {
          imports.env['emscripten_num_logical_cores'] = () => 2 * threads; // it takes half of them
          const instance = new WebAssembly.Instance(compiled, imports as unknown as WebAssembly.Imports);
          receive(instance, compiled);
          return instance.exports;
        },
        locateFile: (file) => (file.endsWith('.worker.js') ? worker : join(folder, file)),
      }),
    );
    const tfjs = tfjsFunctions(module, threads);
    return {
      module: Object.assign(module, { tfjs }),
      countThreads: tfjs.getThreadsCount,
      terminate: () => {
        module.PThread.terminateAllThreads();
      },
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true }); // every worker has read it by now
  }
}

/** The functions by which tfjs calls the module, as its own loader makes them. */
function tfjsFunctions(module: ThreadedModule, threads: number) {
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
