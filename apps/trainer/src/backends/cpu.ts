import * as tf from '@tensorflow/tfjs';
import type { BackendStarter } from './backend';

/** Plain JavaScript: always there, and slow. */
export const startCpu: BackendStarter = async () => {
  await tf.setBackend('cpu');
  return {
    name: 'cpu',
    version: tf.version['tfjs-backend-cpu'],
    device: 'JavaScript, 1 thread',
    threads: 1,
    software: false,
    dispose: () => undefined,
  };
};
