import { decodeInputs } from '../../inputs';
import type { Inputs } from '../../inputs';
import type { Step } from '../../stepProgram';
import { paths } from '../protocol';
import type { PageProgramName, StartRequest, Versions, WorkerAnswer, WorkerRequest } from '../protocol';

/** A program that is ready for its first step. */
export interface PageProgram {
  readonly versions: Versions;
  readonly step: Step;
}

type Starter = (request: StartRequest, inputs: Inputs) => Promise<PageProgram>;

const starters: Readonly<Record<PageProgramName, () => Promise<Starter>>> = {
  ours: async () => (await import('./ours')).startOurs,
  tfjs: async () => (await import('./plainTfjs')).startPlainTfjs,
  'jax-js': async () => (await import('./jaxJs')).startJaxJs,
  onnxruntime: async () => (await import('./onnxRuntime')).startOnnxRuntime,
  'onnxruntime-fused': async () => (await import('./onnxRuntime')).startOnnxRuntime,
};

async function readInputs(): Promise<Inputs> {
  const response = await fetch(`/${paths.inputs}`);
  return decodeInputs(new Uint8Array(await response.arrayBuffer()));
}

let step: Step | null = null;

async function answer(request: WorkerRequest): Promise<WorkerAnswer> {
  if (request.do === 'start') {
    const start = await starters[request.request.program]();
    const program = await start(request.request, await readInputs());
    step = program.step;
    return { ok: 'start', versions: program.versions };
  }
  if (step === null) throw new Error('internal: a step before the start.');
  const start = performance.now();
  const value = await step();
  return { ok: 'step', ms: performance.now() - start, value };
}

globalThis.onmessage = async ({ data }: MessageEvent<WorkerRequest>) => {
  try {
    postMessage(await answer(data));
  } catch (error) {
    postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
};
