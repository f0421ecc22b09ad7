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

/** Loads the native binding if it is installed; it registers the `tensorflow` backend by itself. */
async function findTensorflow(): Promise<string | null> {
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      await import(/* @vite-ignore */ name);
      return null;
    } catch {
      continue; // not installed, or built for another Node: the suite runs on the other backends
    }
  }
  return 'neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed and loads';
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
