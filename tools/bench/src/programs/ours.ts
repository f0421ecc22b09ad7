import { flowMatching, meanFlow } from '@meanflow/core';
import type { Draws, HostArray, Objective } from '@meanflow/core';
import { ditNetwork } from '@meanflow/dit';
import { createTrainState, trainStep } from '@meanflow/train';
import type { TrainBatch, TrainSettings, TrainState } from '@meanflow/train';
import * as tf from '@tensorflow/tfjs';
import type { CaseName } from '../cases';
import type { Absent } from '../child';
import type { Inputs } from '../inputs';
import type { Step, StepProgram } from '../stepProgram';
import { startBackend } from './backend';
import { tfjsProduct } from './tfjsProduct';
import { tensorOf, weightsOf } from './tensors';

type Network = ReturnType<typeof ditNetwork>;

/** What a case trains, as a user would write it. */
function objectiveOf(name: CaseName, { config }: Inputs): Objective {
  const { numClasses } = config.network;
  if (name === 'flow-matching') return flowMatching({ numClasses });
  return meanFlow({ numClasses, guidance: name === 'meanflow-guided' ? config.guidance : null });
}

/** Noise, times and label drops of the inputs, on the host. */
function drawsOf({ config, tensors }: Inputs): Draws {
  const names = ['e', 't', 'r', 'drop'] as const;
  const arrays = Object.fromEntries(
    names.map((name): [string, HostArray] => {
      const { shape, data } = tensors[name] ?? { shape: [], data: new Float32Array() };
      return [name, { shape, dtype: 'float32', data: data as Float32Array }];
    }),
  );
  return { arrays, instantRows: config.instantRows };
}

function batchOf({ tensors }: Inputs): TrainBatch {
  const { x, y } = tensors;
  return { x: x?.data as Float32Array, shape: x?.shape ?? [], y: y?.data as Int32Array };
}

/** A training step that returns the loss before weighting. */
type MakeStep = (
  state: TrainState,
  batch: TrainBatch,
  draws: Draws,
  settings: TrainSettings<Network>,
) => Promise<number>;

/** Draws the inputs' samples with the network over given weights. */
type MakeSampler = (
  sample: (weights: Record<string, tf.Tensor>, noise: tf.Tensor, y: tf.Tensor1D) => tf.Tensor,
) => typeof sample;

function trainingStep(name: CaseName, inputs: Inputs, run: MakeStep): Step {
  const { network: config, optimizer } = inputs.config;
  const initial = weightsOf(inputs);
  const state = createTrainState(initial);
  tf.dispose(initial);
  const { learningRate, emaDecay, beta1, beta2, epsilon } = optimizer;
  const settings: TrainSettings<Network> = {
    objective: objectiveOf(name, inputs),
    network: (weights) => ditNetwork(config, weights),
    learningRate,
    adam: { beta1, beta2, epsilon },
    emaDecay,
  };
  const batch = batchOf(inputs);
  const draws = drawsOf(inputs);
  return () => run(state, batch, draws, settings);
}

function samplingStep(inputs: Inputs, prepare: MakeSampler): Step {
  const weights = weightsOf(inputs);
  const objective = objectiveOf('meanflow', inputs);
  const noise = tensorOf(inputs, 'e');
  const y = tensorOf(inputs, 'y') as tf.Tensor1D;
  const draw = prepare((w, z, labels) => objective.sample(ditNetwork(inputs.config.network, w), z, labels));
  return async () => {
    const samples = draw(weights, noise, y);
    const values = await samples.data<'float32'>();
    samples.dispose();
    return values;
  };
}

const eagerStep: MakeStep = async (state, batch, draws, settings) =>
  (await trainStep(state, batch, draws, settings)).logs['rawLoss'] ?? NaN;

/** Our step as `@meanflow/train` runs it, operation by operation. */
export async function startOurs(backend: 'tensorflow' | 'wasm'): Promise<StepProgram | Absent> {
  const versions = await startBackend(backend);
  if ('absent' in versions) return versions as Absent;
  return {
    versions,
    setup: (name, inputs) =>
      Promise.resolve(
        name === 'sampling'
          ? samplingStep(inputs, (sample) => sample)
          : trainingStep(name, inputs, eagerStep),
      ),
    product: tfjsProduct,
  };
}

/** Our step, recorded once and replayed as a TensorFlow graph. */
export function startOursCompiled(): Promise<StepProgram | Absent> {
  return Promise.resolve({ absent: 'there is no @meanflow/compile yet' });
}
