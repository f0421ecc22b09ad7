import type { GpuDevice } from './backend';

/** Whether an adapter computes on the CPU, where a load costs as much as several multiplications. */
export function computesOnCpu({ adapterInfo }: GpuDevice): boolean {
  return adapterInfo?.isFallbackAdapter === true;
}

/**
 * Lanes of the subgroups of such an adapter, 4 or 8: those of the CPU's registers. Null on GPUs, and where a device was
 * made without the feature `subgroups`.
 */
export function subgroupLanes(device: GpuDevice): 4 | 8 | null {
  if (!computesOnCpu(device) || !device.features.has('subgroups')) return null;
  const { subgroupMinSize: smallest, subgroupMaxSize: largest } = device.adapterInfo ?? {};
  return smallest === largest && (largest === 4 || largest === 8) ? largest : null;
}
