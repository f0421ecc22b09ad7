import * as tf from '@tensorflow/tfjs';

// The few parts of WebGPU that are used here.
interface Adapter {
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, number>>;
  readonly info: object;
  requestDevice(descriptor: object): Promise<object>;
}
interface Gpu {
  requestAdapter(options?: object): Promise<Adapter | null>;
}

const FEATURES = ['timestamp-query', 'shader-f16', 'bgra8unorm-storage', 'subgroups'];
// The adapter's own, as tfjs asks for them; and as many buffers in a shader as it takes, for kernels of ours.
const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

/**
 * Registers tfjs's webgpu backend over Dawn, the WebGPU of Chromium as a package for Node. On a machine without a GPU
 * it needs a Vulkan driver that computes on the CPU: Mesa's lavapipe 25 or newer.
 *
 * @returns Why there is none; null if it computes.
 */
export async function findDawn(): Promise<string | null> {
  process.env['XDG_RUNTIME_DIR'] ??= process.env['TMPDIR'] ?? '/tmp'; // lavapipe insists on one
  try {
    const { create, globals } = (await import('webgpu')) as unknown as {
      create: (options: readonly string[]) => Gpu;
      globals: object;
    };
    Object.assign(globalThis, globals);
    const gpu = create([]);
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return 'Dawn finds no Vulkan driver';
    const navigator = { gpu, userAgent: 'node' };
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true, writable: true });
    const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
    const start = async () => {
      const device = await adapter.requestDevice({
        requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)),
        requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
      });
      return new WebGPUBackend(device as never, adapter.info as never);
    };
    if (tf.engine().backendNames().includes('webgpu')) tf.removeBackend('webgpu');
    tf.registerBackend('webgpu', start);
    if (!(await tf.setBackend('webgpu'))) return 'the device that Dawn found does not start';
    const square = tf.square(3);
    const [nine] = await square.data();
    square.dispose();
    return nine === 9 ? null : `the device that Dawn found computes 3 * 3 = ${nine}`;
  } catch (error) {
    return `Dawn does not start: ${(error as Error).message.split('\n')[0] ?? ''}`;
  }
}
