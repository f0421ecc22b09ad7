import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import type { BackendStarter } from './backendInfo';

/** Plain JavaScript: correct, and slow. */
export const startCpu: BackendStarter = async () => {
  await setBackend('cpu');
  return { name: 'cpu', device: 'JavaScript', threads: 1, isSoftware: false, notes: [] };
};
