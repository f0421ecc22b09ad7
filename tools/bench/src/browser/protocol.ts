import type { CaseName } from '../cases';

/** What computes in a program of the browser. */
export const engineNames = ['webgpu', 'wasm'] as const;

export type Engine = (typeof engineNames)[number];

/** What a program is started with, in a worker of its own page. */
export interface StartRequest {
  readonly program: PageProgramName;
  readonly case: CaseName;
  readonly engine: Engine;
  /** Threads of WebAssembly, as many as the page may have where it is no number. */
  readonly threads: number;
}

/** Programs by the module that computes. */
export type PageProgramName = 'ours' | 'tfjs' | 'jax-js' | 'onnxruntime' | 'onnxruntime-fused';

/** What a started program says of itself, text by name. */
export type Versions = Readonly<Record<string, string>>;

/** What the page asks its worker. */
export type WorkerRequest =
  { readonly do: 'start'; readonly request: StartRequest } | { readonly do: 'step' };

/** Its answers. */
export type WorkerAnswer =
  | { readonly ok: 'start'; readonly versions: Versions }
  | { readonly ok: 'step'; readonly ms: number; readonly value: number | Float32Array }
  | { readonly error: string };

/** Paths below the server's root. */
export const paths = { inputs: 'inputs.safetensors', model: 'model.onnx', fusedModel: 'fused.onnx' } as const;
