import type * as Ort from 'onnxruntime-web';
import type { Inputs } from '../../inputs';
import { paths } from '../protocol';
import type { StartRequest } from '../protocol';
import type { PageProgram } from './worker';

/** onnxruntime-web as it is published: its threads load their own file again. */
async function load(engine: StartRequest['engine']): Promise<typeof Ort> {
  const url = `/ort/ort.${engine}.min.mjs`;
  return (await import(url)) as typeof Ort;
}

/** onnxruntime-web, the forward pass alone. */
export async function startOnnxRuntime(
  { case: name, engine, threads, program }: StartRequest,
  { config, tensors }: Inputs,
): Promise<PageProgram> {
  if (name !== 'sampling') throw new Error('onnxruntime-web computes no gradients');
  const ort = await load(engine);
  ort.env.wasm.wasmPaths = `${location.origin}/ort/`;
  ort.env.wasm.numThreads = threads;
  const response = await fetch(`/${program === 'onnxruntime-fused' ? paths.fusedModel : paths.model}`);
  const session = await ort.InferenceSession.create(new Uint8Array(await response.arrayBuffer()), {
    executionProviders: [engine],
    graphOptimizationLevel: 'all',
  });
  const { e, y } = tensors;
  const rows = config.batch;
  const input = {
    z: new ort.Tensor('float32', e?.data as Float32Array, e?.shape),
    t: new ort.Tensor('float32', new Float32Array(rows).fill(1), [rows]),
    h: new ort.Tensor('float32', new Float32Array(rows).fill(1), [rows]),
    y: new ort.Tensor('int32', y?.data as Int32Array, [rows]),
  };
  const output = session.outputNames[0] ?? '';
  return {
    versions: { 'onnxruntime-web': ort.env.versions.web ?? '', threads: String(ort.env.wasm.numThreads) },
    step: async () => {
      const { [output]: samples } = await session.run(input);
      const values = (await samples?.getData()) as Float32Array;
      samples?.dispose();
      return values;
    },
  };
}
