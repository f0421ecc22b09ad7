import * as tf from '@tensorflow/tfjs';
import type { BackendStarter, MissingBackend, RunningBackend } from './backend';
import { importOptional } from './optionalPackage';
import { quietly } from './quietly';

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** The fields of the binding's backend that say where it computes. */
interface NodeBackend {
  isUsingGpuDevice?: boolean;
  binding?: { TF_Version?: string };
}

function describe(module: Readonly<Record<string, unknown>>): RunningBackend {
  const version = module['version'] as Readonly<Record<string, string>> | undefined;
  const { isUsingGpuDevice = false, binding } = tf.backend() as unknown as NodeBackend;
  return {
    name: 'tensorflow',
    version: version?.['tfjs-node'] ?? 'unknown',
    device: `${isUsingGpuDevice ? 'GPU' : 'CPU'}, TensorFlow ${binding?.TF_Version ?? 'of unknown version'}`,
    threads: null,
    software: false,
    dispose: () => undefined,
  };
}

/** Imports a package and starts the backend that it registers; null if the package is not there. */
async function startFrom(name: string): Promise<RunningBackend | MissingBackend | null> {
  const found = await importOptional(name);
  if (found.state === 'absent') return null;
  const fix = `npm rebuild ${name} --build-addon-from-source`;
  if (found.state === 'broken') return { missing: `${name} does not load: ${found.reason}`, fix };
  const isRegistered = tf.engine().backendNames().includes('tensorflow');
  if (isRegistered && (await quietly(() => tf.setBackend('tensorflow')))) return describe(found.module);
  return { missing: `${name} loads, but its backend does not start`, fix };
}

/** TensorFlow's own library, on a GPU or the CPU, through the native binding where that is installed and loads. */
export const startTensorflow: BackendStarter = async () => {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // warnings and chatter of the library itself
  let missing: MissingBackend | null = null;
  for (const name of packages) {
    const result = await startFrom(name);
    if (result !== null && 'name' in result) return result;
    missing ??= result;
  }
  const fix = 'npm install @tensorflow/tfjs-node';
  return missing ?? { missing: 'the package @tensorflow/tfjs-node is not installed', fix };
};
