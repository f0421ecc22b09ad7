import * as tf from '@tensorflow/tfjs';
import type { BackendStarter } from './backend';
import { importOptional } from './optionalPackage';
import type { OptionalPackage } from './optionalPackage';
import { quietly } from './quietly';

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** The fields of the binding's backend that say where it computes. */
interface NodeBackend {
  isUsingGpuDevice?: boolean;
  binding?: { TF_Version?: string };
}

function packageVersion(module: Readonly<Record<string, unknown>>): string {
  const version = module['version'] as Readonly<Record<string, string>> | undefined;
  return version?.['tfjs-node'] ?? 'unknown';
}

function whyNot(tried: readonly (readonly [string, OptionalPackage])[]): string {
  const broken = tried.flatMap(([name, found]) =>
    found.state === 'broken' ? [`${name} does not load: ${found.reason}`] : [],
  );
  return broken.length > 0 ? broken.join('; ') : 'the package @tensorflow/tfjs-node is not installed';
}

/** TensorFlow's own library, on a GPU or the CPU, through the native binding where that is installed and loads. */
export const startTensorflow: BackendStarter = async () => {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // warnings and chatter of the library itself
  const tried: [string, OptionalPackage][] = [];
  for (const name of packages) {
    const found = await importOptional(name);
    tried.push([name, found]);
    if (found.state !== 'loaded') continue;
    if (
      !tf.engine().backendNames().includes('tensorflow') ||
      !(await quietly(() => tf.setBackend('tensorflow')))
    )
      continue;
    const { isUsingGpuDevice = false, binding } = tf.backend() as unknown as NodeBackend;
    return {
      name: 'tensorflow',
      version: packageVersion(found.module),
      device: `${isUsingGpuDevice ? 'GPU' : 'CPU'}, TensorFlow ${binding?.TF_Version ?? 'of unknown version'}`,
      threads: null,
      software: false,
      dispose: () => undefined,
    };
  }
  return { missing: whyNot(tried), fix: 'npm install @tensorflow/tfjs-node' };
};
