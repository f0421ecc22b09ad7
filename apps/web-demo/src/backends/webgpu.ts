import { isSoftwareAdapter, webgpuDeviceDescriptor } from '@meanflow/kernels';
import type { BackendStarter, LossListener } from './backendInfo';
import { adapterName } from './webgpuAdapter';

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/\.$/, '');
}

/** Tells of the loss of a device, and of the first error that no operation reports: a refused command only leaves zeros. */
function watch(device: GPUDevice, onLoss: LossListener): void {
  let isOver = false;
  const end = (reason: string) => {
    if (!isOver) onLoss(reason);
    isOver = true;
  };
  void device.lost.then(({ message }) => {
    end(message === '' ? 'the browser took its graphics device away' : firstLine(message));
  });
  device.addEventListener('uncapturederror', ({ error }) => {
    const isMemory = error instanceof GPUOutOfMemoryError;
    end(isMemory ? 'the graphics device is out of memory' : firstLine(error.message));
  });
}

/** The adapter that WebGPU offers, or why there is none. */
export async function findAdapter(): Promise<GPUAdapter | string> {
  // Absent in browsers without WebGPU, whatever the types say.
  const gpu = navigator.gpu as GPU | undefined;
  if (gpu === undefined) return 'this browser has no WebGPU';
  try {
    return (
      (await gpu.requestAdapter({ powerPreference: 'high-performance' })) ?? 'WebGPU finds no graphics device'
    );
  } catch (error) {
    return `WebGPU fails: ${firstLine(error instanceof Error ? error.message : String(error))}`;
  }
}

/** A GPU through WebGPU, emulated ones included. The results are not checked. */
export const startWebgpu: BackendStarter = async (onLoss) => {
  const adapter = await findAdapter();
  if (typeof adapter === 'string') return { missing: adapter };
  const { useDevice } = await import('./webgpuDevice');
  const device = await adapter.requestDevice(webgpuDeviceDescriptor(adapter) as GPUDeviceDescriptor);
  watch(device, onLoss);
  if (!(await useDevice(device, adapter.info))) return { missing: 'its device does not start' };
  const isSoftware = isSoftwareAdapter(adapter.info);
  return { name: 'webgpu', device: adapterName(adapter.info), threads: null, isSoftware, notes: [] };
};
