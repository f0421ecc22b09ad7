import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, it } from 'vitest';

/** A backend that tests run on. */
export type BackendName = 'cpu' | 'wasm' | 'tensorflow';

/**
 * Largest error allowed against a float32 reference, relative to the largest magnitude of the tensor. The reference
 * itself is within 2.5e-6 of float64; a wrong formula (erf instead of tanh GELU) moves results by 1.7e-4.
 */
export const goldenTolerance: Readonly<Record<BackendName, number>> = {
  cpu: 2e-5,
  wasm: 2e-5,
  tensorflow: 2e-5,
};

const bindings = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/**
 * Loads the native binding if it is installed; it registers the `tensorflow` backend by itself.
 *
 * @returns Why there is none; null if it computes.
 */
async function findTensorflow(): Promise<string | null> {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3'; // a dozen lines at each start
  const reasons: string[] = [];
  for (const name of bindings) {
    try {
      await import(/* @vite-ignore */ name);
      await tf.setBackend('tensorflow');
      // Some load and then fail at their first operation: as published, those for Node.js 22 and older.
      tf.tidy(() => tf.square(2).dataSync());
      return null;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(`'${name}'`))
        reasons.push(`${name} does not work: ${message.split('\n')[0] ?? ''}`);
    }
  }
  return `${reasons.join('; ') || 'the native binding is not installed'}; npm run native brings it`;
}

const noTensorflow = await findTensorflow();

/** Backends that are not present here, each with the reason. */
export const absentBackends: Readonly<Partial<Record<BackendName, string>>> =
  noTensorflow === null ? {} : { tensorflow: noTensorflow };

/**
 * Runs a suite once on every backend that is present. A backend that is not is reported as one skipped test whose
 * title says why.
 *
 * @param title Title of the suite; the backend's name is appended.
 * @param suite Defines the tests; the backend is active while they run.
 * @param only The backends that the suite is about. Default all.
 */
export function describeBackends(
  title: string,
  suite: (backend: BackendName) => void,
  only: readonly BackendName[] = ['cpu', 'wasm', 'tensorflow'],
): void {
  for (const backend of only) {
    const reason = absentBackends[backend];
    if (reason !== undefined) {
      it.skip(`${title} on ${backend} (skipped: ${reason})`, () => undefined);
      continue;
    }
    describe(`${title} on ${backend}`, () => {
      beforeAll(async () => {
        if (!(await tf.setBackend(backend))) throw new Error(`testing: backend ${backend} does not start.`);
      });
      suite(backend);
    });
  }
}
