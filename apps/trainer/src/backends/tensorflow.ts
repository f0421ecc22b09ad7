import { availableParallelism } from 'node:os';
import { registerCompiler } from '@meanflow/compile';
import { tensorflowCompiler } from '@meanflow/compile/tensorflow';
import * as tf from '@tensorflow/tfjs';
import type { BackendStarter, MissingBackend, RunningBackend } from './backend';
import { explainBinding } from './explainBinding';
import { gpuName } from './gpuName';
import { importOptional } from './optionalPackage';
import { quietly } from './quietly';
import { messageOf } from '../userError';

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;
/** Installs TensorFlow and compiles the binding against it, or mends what is there. */
const BRING = 'npm run native';

/** The fields of the binding's backend that say where it computes. */
interface NodeBackend {
  isUsingGpuDevice?: boolean;
  binding?: { TF_Version?: string; runSavedModel?: unknown };
}

/** Threads of one operation on the CPU: TensorFlow takes one for each processor that this process may use. */
function threadsOfOperation(): number {
  const asked = Number(process.env['TF_NUM_INTRAOP_THREADS']);
  return Number.isInteger(asked) && asked > 0 ? asked : availableParallelism();
}

function describe(module: Readonly<Record<string, unknown>>, isSharded: boolean): RunningBackend {
  const version = module['version'] as Readonly<Record<string, string>> | undefined;
  const { isUsingGpuDevice = false, binding } = tf.backend() as unknown as NodeBackend;
  const shards = isSharded && threadsOfOperation() === 1 && !isUsingGpuDevice ? availableParallelism() : 1;
  const threads = isUsingGpuDevice ? null : shards * threadsOfOperation();
  const device =
    threads === null ? (gpuName() ?? 'GPU') : `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return {
    name: 'tensorflow',
    version: version?.['tfjs-node'] ?? 'unknown',
    device: `${device}, TensorFlow ${binding?.TF_Version ?? 'of unknown version'}`,
    threads,
    shards,
    software: false,
    dispose: () => undefined,
  };
}

/** Imports a package and starts the backend that it registers; null if the package is not there. */
async function startFrom(name: string, isSharded: boolean): Promise<RunningBackend | MissingBackend | null> {
  const found = await importOptional(name);
  if (found.state === 'absent') return null;
  if (found.state === 'broken') return { missing: explainBinding(name, found.reason), fix: BRING };
  const isRegistered = tf.engine().backendNames().includes('tensorflow');
  if (!isRegistered || !(await quietly(() => tf.setBackend('tensorflow'))))
    return { missing: `${name} loads, but its backend does not start`, fix: BRING };
  try {
    tf.tidy(() => tf.square(2).dataSync()); // the package loads in Node.js 23 and later, and fails at its first operation
  } catch (error) {
    return { missing: explainBinding(name, messageOf(error).split('\n')[0] ?? ''), fix: BRING };
  }
  const { binding } = tf.backend() as unknown as NodeBackend;
  if (binding?.runSavedModel !== undefined) registerCompiler(tensorflowCompiler);
  return describe(found.module, isSharded);
}

/** TensorFlow's own library, on a GPU or the CPU, through the native binding where that is installed and loads. */
export const startTensorflow: BackendStarter = async ({ isSharded = false }) => {
  // TensorFlow prints a dozen lines of no use at each start, at level 2 still one about a GPU that is not there.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
  if (isSharded) process.env['TF_NUM_INTRAOP_THREADS'] ??= '1'; // read when the library is loaded
  let missing: MissingBackend | null = null;
  for (const name of packages) {
    const result = await startFrom(name, isSharded);
    if (result !== null && 'name' in result) return result;
    missing ??= result;
  }
  return missing ?? { missing: 'the package @tensorflow/tfjs-node is not installed', fix: BRING };
};
