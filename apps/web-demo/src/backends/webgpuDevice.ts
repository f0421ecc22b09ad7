import { registerCompiler } from '@meanflow/compile';
import { webgpuCompiler } from '@meanflow/compile/webgpu';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';

/** Makes a device the active backend of tfjs, with a compiler. */
export async function useDevice(device: GPUDevice, info: GPUAdapterInfo): Promise<boolean> {
  registerCompiler(webgpuCompiler);
  removeBackend('webgpu'); // tfjs's own, which would ask for a device of its own
  registerBackend('webgpu', () => new WebGPUBackend(device, info));
  return setBackend('webgpu');
}
