import { tmpdir } from 'node:os';
import { registerCompiler } from '@meanflow/compile';
import { webgpuCompiler } from '@meanflow/compile/webgpu';
import { isSoftwareAdapter, webgpuDeviceDescriptor } from '@meanflow/kernels';
import type { AdapterInfo } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs';
import type { BackendStarter, MissingBackend } from './backend';
import { lacksGpu } from './lacksGpu';
import { importOptional } from './optionalPackage';
import { quietly } from './quietly';
import { messageOf } from '../userError';

// The few parts of WebGPU that are used here; its types are not in the TypeScript library for Node.
interface GpuAdapter {
  readonly info?: AdapterInfo;
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: object): Promise<GpuDevice>;
}
interface GpuDevice {
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(type: 'uncapturederror', listener: (event: { error: Error }) => void): void;
  destroy(): void;
}
interface Gpu {
  requestAdapter(options: object): Promise<GpuAdapter | null>;
}
interface Dawn {
  readonly create: (options: readonly string[]) => Gpu;
  readonly globals: object;
}
type BackendClass = new (device: unknown, info: unknown) => tf.KernelBackend;

const BACKEND_PACKAGE = '@tensorflow/tfjs-backend-webgpu';
const INSTALL = `npm install webgpu ${BACKEND_PACKAGE}@${tf.version['tfjs-core']}`;

const installed = (name: string): MissingBackend => ({
  missing: `the package ${name} is not installed`,
  fix: INSTALL,
});

function describe({ description, device, vendor, architecture }: AdapterInfo): string {
  const parts = [description, device, vendor, architecture].filter(
    (part) => part !== undefined && part !== '',
  );
  return parts[0] ?? 'unnamed GPU';
}

/** Remembers the first error that no operation reports: a refused command only leaves zeros behind. */
function watchErrors(device: GpuDevice): () => string | null {
  let first: string | null = null;
  device.addEventListener('uncapturederror', ({ error }) => {
    first ??= firstLine(error.message).replace(/\.$/, '');
  });
  return () => first;
}

/** Remembers why the device is gone; null while it works, and after `dispose`, which ends it on purpose. */
function watchLoss(device: GpuDevice): { reason: () => string | null; stop: () => void } {
  let reason: string | null = null;
  let isWatching = true;
  void device.lost.then(({ message }) => {
    if (isWatching) reason = firstLine(message).replace(/\.$/, '') || 'the driver ended it';
  });
  const stop = () => {
    isWatching = false;
  };
  return { reason: () => reason, stop };
}

/** The names of the adapters that Dawn lists where it refuses one. */
const listedAdapters = (message: string) => [...message.matchAll(/name: '([^']*)'/g)].map(([, name]) => name);

/** Why `create` did not find an adapter of that name. */
function noSuchDevice(device: string, message: string): MissingBackend {
  const names = listedAdapters(message);
  const found = names.length === 0 ? 'Dawn finds none at all' : `there are: ${names.join(', ')}`;
  return { missing: `no GPU is called ${device}; ${found}`, fix: null };
}

const firstLine = (text: string) => text.split('\n')[0] ?? '';

/** A GPU through WebGPU: Dawn in Node, where the packages are installed and a Vulkan, Metal or D3D12 driver is there. */
export const startWebgpu: BackendStarter = async ({ device: wanted, realGpu = false }) => {
  if (realGpu && lacksGpu())
    return { missing: 'this machine has no GPU; --backend webgpu tries to emulate one', fix: null };
  const dawn = await importOptional('webgpu');
  if (dawn.state === 'absent') return installed('webgpu');
  if (dawn.state === 'broken')
    return { missing: `the package webgpu does not load: ${dawn.reason}`, fix: INSTALL };
  const { create, globals } = dawn.module as unknown as Dawn;
  try {
    process.env['XDG_RUNTIME_DIR'] ??= tmpdir(); // Mesa's driver for the CPU insists on one
    const gpu = create(wanted === undefined ? [] : [`adapter=${wanted}`]);
    Object.assign(globalThis, globals);
    // tfjs looks for navigator.gpu while it is loaded and later.
    Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true });
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) {
      return { missing: 'there is no GPU that Dawn can use, or no Vulkan driver for it', fix: null };
    }
    const backend = await importOptional(BACKEND_PACKAGE);
    if (backend.state === 'absent') return installed(BACKEND_PACKAGE);
    if (backend.state === 'broken')
      return { missing: `${BACKEND_PACKAGE} does not load: ${backend.reason}`, fix: INSTALL };
    const { WebGPUBackend, version_webgpu: version } = backend.module as {
      WebGPUBackend: BackendClass;
      version_webgpu?: string;
    };
    const device = await adapter.requestDevice(webgpuDeviceDescriptor(adapter));
    const failure = watchErrors(device);
    const loss = watchLoss(device);
    const info = adapter.info ?? {};
    if (tf.engine().backendNames().includes('webgpu')) tf.removeBackend('webgpu');
    tf.registerBackend('webgpu', () => new WebGPUBackend(device, info));
    if (!(await quietly(() => tf.setBackend('webgpu'))))
      return { missing: 'its device does not start', fix: null };
    // The recorder works with the interior of tfjs's own.
    if ('bufferManager' in tf.backend()) registerCompiler(webgpuCompiler);
    const name = describe(info);
    return {
      name: 'webgpu',
      version: version ?? tf.version['tfjs-core'],
      device: name,
      threads: null,
      failure,
      lost: loss.reason,
      software: isSoftwareAdapter(info),
      dispose: () => {
        loss.stop();
        device.destroy();
      },
    };
  } catch (error) {
    if (wanted !== undefined && messageOf(error).includes('Available adapters'))
      return noSuchDevice(wanted, messageOf(error));
    return { missing: `WebGPU does not start: ${firstLine(messageOf(error))}`, fix: null };
  }
};
