// What a user of the published packages writes. tools/consumer-test.mjs compiles it outside of this workspace.
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

console.log('works');
