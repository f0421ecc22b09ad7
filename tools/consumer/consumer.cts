// The same from CommonJS: Node 20.19 and later can require() ES modules.
import core = require('@meanflow/core');
import jvp = require('@meanflow/jvp');
import tf = require('@tensorflow/tfjs');

void tf.setBackend('cpu');
// d x^2 = 2 x dx
const { value, tangent } = jvp.jvp((x: tf.Tensor1D) => tf.square(x), [tf.tensor1d([3])], [tf.tensor1d([1])]);
if (value.dataSync()[0] !== 9 || tangent.dataSync()[0] !== 6) throw new Error('jvp of x^2 is wrong.');

const point = tf.tensor([1, 2], [1, 2]);
const arrived = core.sample((z) => tf.sub(z, point), tf.tensor([0.5, -7], [1, 2]), null, { steps: 1 });
if (arrived.dataSync().join() !== '1,2') throw new Error(`the sample is ${arrived.dataSync().join()}.`);
console.log('works');
