// The published build of tfjs's wasm backend, as its own loader uses it.

interface EmscriptenModule {
  cwrap(
    name: string,
    returnType: 'number' | null,
    argumentTypes: readonly 'number'[],
  ): (...args: number[]) => number;
}

interface EmscriptenConfig {
  /** What each thread loads before it begins. */
  mainScriptUrlOrBlob: string;
  locateFile(file: string): string;
  instantiateWasm(
    imports: { env: Record<string, unknown> },
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}

declare module '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js' {
  const factory: (config: EmscriptenConfig) => Promise<EmscriptenModule>;
  // eslint-disable-next-line no-restricted-syntax -- the module is CommonJS
  export default factory;
}

declare module '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js' {
  export const wasmWorkerContents: string;
}
