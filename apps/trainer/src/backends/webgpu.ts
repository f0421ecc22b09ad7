import * as tf from '@tensorflow/tfjs';
import type { BackendStarter, MissingBackend } from './backend';
import { importOptional } from './optionalPackage';
import { quietly } from './quietly';
import { messageOf } from '../userError';

// The few parts of WebGPU that are used here; its types are not in the TypeScript library for Node.
interface GpuAdapter {
  readonly info?: GpuInfo;
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: object): Promise<GpuDevice>;
}
interface GpuDevice {
  addEventListener(type: 'uncapturederror', listener: (event: { error: Error }) => void): void;
  destroy(): void;
}
interface GpuInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
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
// Vulkan drivers that compute on the CPU: slower than wasm.
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|software/i;

const installed = (name: string): MissingBackend => ({
  missing: `the package ${name} is not installed`,
  fix: INSTALL,
});

/** tfjs asks for the largest buffers and work groups that the adapter has. */
function deviceDescriptor({ features, limits }: GpuAdapter): object {
  const optional = ['timestamp-query', 'bgra8unorm-storage'].filter((name) => features.has(name));
  const names = [
    'maxComputeWorkgroupStorageSize',
    'maxComputeWorkgroupsPerDimension',
    'maxStorageBufferBindingSize',
    'maxBufferSize',
    'maxComputeWorkgroupSizeX',
    'maxComputeInvocationsPerWorkgroup',
  ];
  return {
    requiredFeatures: optional,
    requiredLimits: Object.fromEntries(
      names.flatMap((name) => (limits[name] === undefined ? [] : [[name, limits[name]]])),
    ),
  };
}

function describe({ description, device, vendor, architecture }: GpuInfo): string {
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

const firstLine = (text: string) => text.split('\n')[0] ?? '';

/** A GPU through WebGPU: Dawn in Node, where the packages are installed and a Vulkan, Metal or D3D12 driver is there. */
export const startWebgpu: BackendStarter = async () => {
  const dawn = await importOptional('webgpu');
  if (dawn.state === 'absent') return installed('webgpu');
  if (dawn.state === 'broken')
    return { missing: `the package webgpu does not load: ${dawn.reason}`, fix: INSTALL };
  const { create, globals } = dawn.module as unknown as Dawn;
  try {
    const gpu = create([]);
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
    const device = await adapter.requestDevice(deviceDescriptor(adapter));
    const failure = watchErrors(device);
    const info = adapter.info ?? {};
    if (tf.engine().backendNames().includes('webgpu')) tf.removeBackend('webgpu');
    tf.registerBackend('webgpu', () => new WebGPUBackend(device, info));
    if (!(await quietly(() => tf.setBackend('webgpu'))))
      return { missing: 'its device does not start', fix: null };
    const name = describe(info);
    return {
      name: 'webgpu',
      version: version ?? tf.version['tfjs-core'],
      device: name,
      threads: null,
      failure,
      software: info.isFallbackAdapter === true || SOFTWARE.test(Object.values(info).join(' ') + name),
      dispose: () => { device.destroy(); }, // prettier-ignore
    };
  } catch (error) {
    return { missing: `WebGPU does not start: ${firstLine(messageOf(error))}`, fix: null };
  }
};
