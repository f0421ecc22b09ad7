import { conditionalVelocity, dropLabels, interpolate, meanFlowTerms, squaredError } from '@meanflow/core';
import { stopGradient } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs';
import type { CaseName } from '../cases';
import type { Inputs } from '../inputs';
import type { Step } from '../stepProgram';
import { tensorOf, variablesOf } from './tensors';

// The step as one would first write it with tfjs: its own operations, their own gradients, its Adam, the whole batch
// under jvp as in the published code. Only the derivative in time is ours, since tfjs has none.

type Weights = Readonly<Record<string, tf.Tensor>>;
type Network = Parameters<typeof meanFlowTerms>[0];

function plainNetwork({ config, tensors }: Inputs, weights: Weights): Network {
  const {
    inputSize,
    patchSize,
    channels,
    depth,
    hiddenSize: width,
    numHeads: heads,
    numClasses,
  } = config.network;
  const [rows, columns, length] = config.patches;
  const tokens = rows * columns;
  const positions = tensors['positions']?.data as Float32Array;
  const weight = (name: string) => weights[name] as tf.Tensor2D;

  const dense = (name: string, x: tf.Tensor) => {
    const flat = tf.reshape<tf.Rank.R2>(x, [-1, x.shape.at(-1) ?? 1]);
    const y = tf.add(tf.matMul(flat, weight(`${name}.kernel`)), weight(`${name}.bias`));
    return tf.reshape(y, [...x.shape.slice(0, -1), y.shape[1] ?? 1]);
  };
  const silu = (x: tf.Tensor) => tf.mul(x, tf.sigmoid(x));
  const gelu = (x: tf.Tensor) => {
    const cubic = tf.add(x, tf.mul(tf.pow(x, 3), 0.044715));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI))), 1));
  };
  const modulate = (x: tf.Tensor, shift: tf.Tensor, scale: tf.Tensor) => {
    const { mean, variance } = tf.moments(x, -1, true);
    const normalized = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-6)));
    return tf.add(tf.mul(normalized, tf.add(scale, 1)), shift);
  };
  const timeEmbedding = (name: string, s: tf.Tensor) => {
    const frequencies = tf.exp(tf.mul(tf.range(0, 128), -Math.log(10000) / 128));
    const angles = tf.mul(tf.expandDims(s, 1), tf.expandDims(frequencies, 0));
    const features = tf.concat([tf.cos(angles), tf.sin(angles)], 1);
    return dense(`${name}.mlp.2`, silu(dense(`${name}.mlp.0`, features)));
  };
  const attention = (name: string, x: tf.Tensor) => {
    const [batch = 1] = x.shape;
    const qkv = tf.reshape(dense(`${name}.qkv`, x), [batch, tokens, 3, heads, width / heads]);
    const [q = x, k = x, v = x] = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4]));
    const scores = tf.matMul(tf.mul(q, (width / heads) ** -0.5), k, false, true);
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
    return dense(`${name}.proj`, tf.reshape(mixed, [batch, tokens, width]));
  };
  const modulations = (name: string, condition: tf.Tensor, parts: number) =>
    tf.split(tf.expandDims(dense(`${name}.adaLN`, condition), 1), parts, -1);

  return (z, r, t, y) => {
    const batch = z.shape[0];
    // As a product with one-hot rows: the gradient of gather needs a kernel that wasm does not have.
    const oneHot = tf.cast(tf.oneHot(y ?? [], numClasses + 1), 'float32');
    const label = tf.matMul(oneHot, weight('yEmbedder.table'));
    const condition = silu(
      tf.add(tf.add(timeEmbedding('tEmbedder', t), timeEmbedding('hEmbedder', tf.sub(t, r))), label),
    );
    const strips = tf.reshape(z, [batch * rows, patchSize, columns, patchSize * channels]);
    const patches = tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch, tokens, length]);
    let x = tf.add(dense('xEmbedder', patches), tf.tensor(positions, [1, tokens, width]));
    for (let i = 0; i < depth; i++) {
      const block = `blocks.${i}`;
      const parts = modulations(block, condition, 6);
      const [shift1 = x, scale1 = x, gate1 = x, shift2 = x, scale2 = x, gate2 = x] = parts;
      x = tf.add(x, tf.mul(gate1, attention(`${block}.attn`, modulate(x, shift1, scale1))));
      const hidden = gelu(dense(`${block}.mlp.fc1`, modulate(x, shift2, scale2)));
      x = tf.add(x, tf.mul(gate2, dense(`${block}.mlp.fc2`, hidden)));
    }
    const [shift = x, scale = x] = modulations('finalLayer', condition, 2);
    const out = dense('finalLayer.linear', modulate(x, shift, scale));
    const joined = tf.transpose(
      tf.reshape(out, [batch * rows, columns, patchSize, patchSize * channels]),
      [0, 2, 1, 3],
    );
    return tf.reshape(joined, [batch, inputSize, inputSize, channels]);
  };
}

/** omega v + (1 - omega - kappa) u(null) + kappa u(y), and v itself for rows whose label is dropped. */
function guided(network: Network, inputs: Inputs, v: tf.Tensor, z: tf.Tensor, t: tf.Tensor1D): tf.Tensor {
  const { guidance, network: config } = inputs.config;
  const { omega, kappa } = guidance;
  return stopGradient(() => {
    const y = tensorOf(inputs, 'y') as tf.Tensor1D;
    const drop = tf.reshape(tensorOf(inputs, 'drop'), [-1, 1, 1, 1]);
    const without = network(z, t, t, tf.fill([y.size], config.numClasses, 'int32'));
    const mixed = tf.add(tf.mul(without, 1 - omega - kappa), tf.mul(network(z, t, t, y), kappa));
    return tf.add(tf.mul(drop, v), tf.mul(tf.sub(1, drop), tf.add(tf.mul(v, omega), mixed)));
  });
}

/** Squared error of each sample. */
function errors(name: CaseName, inputs: Inputs, weights: Weights): tf.Tensor1D {
  const [x, e] = [tensorOf(inputs, 'x'), tensorOf(inputs, 'e')];
  const [t, r, drop] = ['t', 'r', 'drop'].map((key) => tensorOf(inputs, key)) as [
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  const y = dropLabels(tensorOf(inputs, 'y') as tf.Tensor1D, drop, inputs.config.network.numClasses);
  const network = plainNetwork(inputs, weights);
  const z = interpolate(x, e, t);
  const v = conditionalVelocity(x, e);
  if (name === 'flow-matching') return squaredError(network(z, t, t, y), v);
  const vg = name === 'meanflow-guided' ? guided(network, inputs, v, z, t) : v;
  const { u, uTarget } = meanFlowTerms(network, z, vg, r, t, y);
  return squaredError(u, uTarget);
}

function trainingStep(name: CaseName, inputs: Inputs): Step {
  const { learningRate, beta1, beta2, epsilon, emaDecay } = inputs.config.optimizer;
  const adam = tf.train.adam(learningRate, beta1, beta2, epsilon);
  const variables = variablesOf(inputs);
  const ema = Object.values(variablesOf(inputs, false));
  return async () => {
    const raw = tf.tidy(() => {
      let kept: tf.Tensor | null = null;
      const { grads } = tf.variableGrads(() => {
        const s = errors(name, inputs, variables);
        kept = tf.keep(stopGradient(() => tf.mean(s)));
        if (name === 'flow-matching') return tf.mean<tf.Scalar>(s);
        return tf.mean<tf.Scalar>(
          tf.div(
            s,
            stopGradient(() => tf.add(s, 0.01)),
          ),
        );
      }, Object.values(variables));
      adam.applyGradients(Object.entries(grads).map(([key, tensor]) => ({ name: key, tensor })));
      for (const [i, variable] of Object.values(variables).entries()) {
        const average = ema[i];
        average?.assign(tf.add(tf.mul(average, emaDecay), tf.mul(variable, 1 - emaDecay)));
      }
      return kept as unknown as tf.Scalar;
    });
    const [value = NaN] = await raw.data();
    raw.dispose();
    return value;
  };
}

function samplingStep(inputs: Inputs): Step {
  const network = plainNetwork(inputs, variablesOf(inputs));
  const e = tensorOf(inputs, 'e');
  const y = tensorOf(inputs, 'y') as tf.Tensor1D;
  return async () => {
    const samples = tf.tidy(() => {
      const ones = tf.ones<tf.Rank.R1>([y.size]);
      return tf.sub(e, network(e, tf.zeros([y.size]), ones, y));
    });
    const values = await samples.data<'float32'>();
    samples.dispose();
    return values;
  };
}

/** The step of a case in plain tfjs operations on the active backend, in Node or in a browser. */
export function plainTfjsStep(name: CaseName, inputs: Inputs): Step {
  return name === 'sampling' ? samplingStep(inputs) : trainingStep(name, inputs);
}
