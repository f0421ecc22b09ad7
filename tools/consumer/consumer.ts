// What a user of the published packages writes. tools/consumer-test.mjs compiles it outside of this workspace.
import { meanFlow, sample, toTensors } from '@meanflow/core';
import type { Network } from '@meanflow/core';
import { jvp } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs';

function expectClose(what: string, actual: tf.Tensor, expected: number[]): void {
  const values = Array.from(actual.dataSync());
  const isClose =
    values.length === expected.length && values.every((v, i) => Math.abs(v - (expected[i] ?? NaN)) < 1e-5);
  if (!isClose) throw new Error(`${what} is ${values.join()} instead of ${expected.join()}.`);
}

await tf.setBackend('cpu');

// d sin x = cos x dx
const { value, tangent } = jvp((x: tf.Tensor1D) => tf.sin(x), [tf.tensor1d([0, 1])], [tf.tensor1d([1, 2])]);
expectClose('the value', value, [0, Math.sin(1)]);
expectClose('the tangent', tangent, [1, 2 * Math.cos(1)]);

// All data at one point: at t = 1 the average velocity is noise - point, and one step from any noise arrives.
const point = tf.tensor([1, 2, 3, 4], [1, 2, 2, 1]);
const straight: Network = (z) => tf.sub(z, point);
expectClose('the sample', sample(straight, tf.randomNormal([1, 2, 2, 1]), null, { steps: 1 }), [1, 2, 3, 4]);

// A training step: the loss and its gradient, with du/dt from forward mode inside.
const objective = meanFlow({ numClasses: 0 });
const draws = toTensors(objective.draw(8, [2, 2, 1], { seed: 0, step: 0 }));
const weight = tf.variable(tf.scalar(0.5));
const linear: Network = (z) => tf.mul(weight, z);
const { value: loss, grads } = tf.variableGrads(
  () => objective.loss(linear, tf.ones([8, 2, 2, 1]), null, draws).loss,
);
const gradient = grads[weight.name]?.dataSync()[0] ?? NaN;
if (!Number.isFinite(loss.dataSync()[0]) || !Number.isFinite(gradient) || gradient === 0) {
  throw new Error(`the loss is ${String(loss.dataSync()[0])} and its gradient ${String(gradient)}.`);
}
console.log('works');
