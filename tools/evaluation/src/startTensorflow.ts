import { registerCompiler } from '@meanflow/compile';
import { tensorflowCompiler } from '@meanflow/compile/tensorflow';
import * as tf from '@tensorflow/tfjs';

const binding = '@tensorflow/tfjs-node';

/**
 * Starts the tensorflow backend with one thread an operation, so that sums have one order and a training is repeatable.
 *
 * @throws Error if the binding is not installed: no other backend has the gradient of convolutions and is fast.
 */
export async function startTensorflow(): Promise<void> {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
  process.env['TF_NUM_INTRAOP_THREADS'] ??= '1';
  tf.env().set('PROD', true);
  try {
    await import(binding);
    await tf.setBackend('tensorflow');
    tf.tidy(() => tf.square(2).dataSync());
  } catch (cause) {
    throw new Error(
      'train-features: the tensorflow backend must work here, got an error when it was loaded. Likely fix: npm run native.',
      { cause },
    );
  }
  registerCompiler(tensorflowCompiler);
}
