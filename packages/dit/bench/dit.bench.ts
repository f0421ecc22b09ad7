import { jvp } from '@meanflow/jvp';
import { absentBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { bench, describe } from 'vitest';
import { ditNetwork, initDiT } from '../src/index';
import type { DiTConfig, Network } from '../src/index';

// Forward, forward with its derivative, and forward with the gradient of every weight, at the size of the quick start
// and at that of the comparison with other frameworks.

const sizes: Record<string, { config: DiTConfig; batch: number }> = {
  'width 96, depth 4, 16 tokens, batch 128': {
    config: {
      inputSize: 8,
      channels: 1,
      patchSize: 2,
      depth: 4,
      hiddenSize: 96,
      numHeads: 4,
      numClasses: 10,
    },
    batch: 128,
  },
  'width 256, depth 6, 64 tokens, batch 32': {
    config: {
      inputSize: 32,
      channels: 3,
      patchSize: 4,
      depth: 6,
      hiddenSize: 256,
      numHeads: 4,
      numClasses: 10,
    },
    batch: 32,
  },
};

const passNames = ['forward', 'forward and derivative', 'forward and gradient'] as const;
type Pass = (typeof passNames)[number];

/** What is timed; made anew for each benchmark, as the backend has to be active by then. */
function prepare({ config, batch }: { config: DiTConfig; batch: number }): {
  tensors: tf.TensorContainer;
  passes: Record<Pass, () => tf.Tensor>;
} {
  const weights = initDiT(config, 0);
  const variables = Object.values(weights).map((weight) => tf.variable(weight));
  const byName = Object.fromEntries(Object.keys(weights).map((name, i) => [name, variables[i]]));
  tf.dispose(weights);
  const network: Network = ditNetwork(config, byName as Record<string, tf.Tensor>);
  const side = config.inputSize as number;
  const shape = [batch, side, side, config.channels];
  const z = tf.reshape(tf.sin(tf.range(0, tf.util.sizeFromShape(shape))), shape);
  const t = tf.linspace(0.1, 1, batch);
  const one = tf.onesLike(t);
  const r = tf.mul<tf.Tensor1D>(t, 0.5);
  const y = tf.tensor1d(Int32Array.from({ length: batch }, (_, i) => i % config.numClasses));
  const loss = () => tf.sum<tf.Scalar>(tf.square(tf.sub(network(z, r, t, y), z)));
  return {
    tensors: [variables, z, t, one, r, y],
    passes: {
      forward: () => network(z, r, t, y),
      'forward and derivative': () =>
        jvp((a: tf.Tensor, b: tf.Tensor1D) => network(a, r, b, y), [z, t], [z, one]).tangent,
      'forward and gradient': () => tf.variableGrads(loss, variables).value,
    },
  };
}

for (const backend of ['wasm', 'tensorflow'] as const) {
  const absent = absentBackends[backend];
  for (const [size, settings] of Object.entries(sizes)) {
    const title = `${size}, on ${backend}${absent === undefined ? '' : ` (${absent})`}`;
    describe.skipIf(absent !== undefined)(title, () => {
      let prepared: ReturnType<typeof prepare>;
      for (const name of passNames) {
        const setup = async () => {
          await tf.setBackend(backend);
          prepared = prepare(settings);
        };
        const teardown = () => {
          tf.dispose(prepared.tensors);
        };
        const run = async () => {
          const result = tf.tidy(() => prepared.passes[name]());
          await result.data();
          result.dispose();
        };
        bench(name, run, { setup, teardown, time: 0, iterations: 7, warmupTime: 0, warmupIterations: 2 });
      }
    });
  }
}
