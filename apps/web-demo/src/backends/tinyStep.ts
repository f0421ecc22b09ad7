import { meanFlow } from '@meanflow/core';
import { toTensors } from '@meanflow/core';
import { ditNetwork, ditParameters } from '@meanflow/dit';
import { normals } from '@meanflow/random';
import { lossGradients } from '@meanflow/train';
import * as tf from '@tensorflow/tfjs-core';

const config = {
  inputSize: 8,
  channels: 1,
  patchSize: 2,
  depth: 1,
  hiddenSize: 32,
  numHeads: 2,
  numClasses: 3,
};
const BATCH = 4;
const SEED = 11;

function values(purpose: string, shape: readonly number[], scale = 1): Float32Array {
  const count = shape.reduce((product, n) => product * n, 1);
  return normals({ seed: SEED, purpose }, count).map((value) => scale * value);
}

/** The numbers of one step, on the host. */
export interface TinyStep {
  /** Samples in one network call. */
  readonly samples: readonly number[];
  /** Loss before the adaptive weight, and the norm of du/dt. */
  readonly logs: readonly number[];
  /** The norm of each weight's gradient. */
  readonly gradients: readonly number[];
}

/**
 * One call and one training step of a tiny network on the active backend: everything that the page does with a network,
 * forward, tangent and backward, in one second.
 */
export async function tinyStep(): Promise<TinyStep> {
  const parameters = ditParameters(config);
  const objective = meanFlow({ numClasses: config.numClasses, times: { instantFraction: 0.5 } });
  const shape = [BATCH, 8, 8, 1];
  const results = tf.tidy(() => {
    // Drawn, unlike fresh weights, of which many are zero: then a wrong gradient could hide.
    const weights = Object.fromEntries(
      parameters.map(({ name, shape: of }) => [
        name,
        tf.variable(tf.tensor(values(name, of, 0.15), [...of])),
      ]),
    );
    try {
      const x = tf.tensor(values('x', shape), shape);
      const y = tf.tensor1d([0, 1, 2, 0], 'int32');
      const draws = toTensors(objective.draw(BATCH, shape.slice(1), { seed: SEED, step: 0 }));
      const network = (of: Parameters<typeof ditNetwork>[1]) => ditNetwork(config, of);
      const samples = objective.sample(network(weights), x, y);
      const { logs, gradients } = lossGradients(objective, network, weights, { x, y, draws });
      const norms = parameters.map(({ name }) => tf.norm(gradients[name] ?? tf.scalar(NaN)));
      return {
        samples: tf.reshape(samples, [-1]),
        logs: tf.stack(Object.values(logs)),
        norms: tf.stack(norms),
      };
    } finally {
      tf.dispose(weights);
    }
  });
  try {
    const [samples, logs, gradients] = await Promise.all([
      results.samples.data(),
      results.logs.data(),
      results.norms.data(),
    ]);
    return { samples: [...samples.slice(0, 16)], logs: [...logs], gradients: [...gradients] };
  } finally {
    tf.dispose(results);
  }
}
