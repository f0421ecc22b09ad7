import { createProgram } from '@meanflow/compile';
import type { ProgramOptions } from '@meanflow/compile';
import { flowMatching, meanFlow } from '@meanflow/core';
import type { Draws, HostArray, Objective } from '@meanflow/core';
import { ditNetwork } from '@meanflow/dit';
import { createTrainer, createTrainState } from '@meanflow/train';
import type { TrainBatch } from '@meanflow/train';
import * as tf from '@tensorflow/tfjs-core';
import type { CaseName } from '../cases';
import type { Inputs } from '../inputs';
import type { Step } from '../stepProgram';
import { tensorOf, variablesOf, weightsOf } from './tensors';

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

function trainingStep(name: CaseName, inputs: Inputs, compile: ProgramOptions, shards: number): Step {
  const { network: config, optimizer } = inputs.config;
  const initial = weightsOf(inputs);
  const state = createTrainState(initial);
  tf.dispose(initial);
  const { learningRate, emaDecay, beta1, beta2, epsilon } = optimizer;
  const trainer = createTrainer(state, {
    objective: objectiveOf(name, inputs),
    network: (weights) => ditNetwork(config, weights),
    learningRate,
    adam: { beta1, beta2, epsilon },
    emaDecay,
    compile,
    shards,
  });
  const batch = batchOf(inputs);
  const draws = drawsOf(inputs);
  return async () => (await trainer.step(batch, draws)).logs['rawLoss'] ?? NaN;
}

function samplingStep(inputs: Inputs, compile: ProgramOptions, shards: number): Step {
  const weights = variablesOf(inputs);
  const objective = objectiveOf('meanflow', inputs);
  const network = ditNetwork(inputs.config.network, weights);
  const draw = createProgram(compile).compile((z: tf.Tensor, y: tf.Tensor1D) => {
    const labels = tf.split<tf.Tensor1D>(y, shards);
    return tf.concat(
      tf.split(z, shards).map((part, i) => objective.sample(network, part, labels[i] ?? null)),
    );
  });
  const noise = tensorOf(inputs, 'e');
  const y = tensorOf(inputs, 'y') as tf.Tensor1D;
  return async () => {
    const samples = draw(noise, y);
    const values = await samples.data<'float32'>();
    samples.dispose();
    return values;
  };
}

/** Our step of a case on the active backend, in Node or in a browser. */
export function oursStep(name: CaseName, inputs: Inputs, compile: ProgramOptions, shards = 1): Step {
  return name === 'sampling'
    ? samplingStep(inputs, compile, shards)
    : trainingStep(name, inputs, compile, shards);
}
