import type { AdapterInfo } from '@meanflow/kernels';

/** A name for people, e.g. `NVIDIA GeForce RTX 4070` or `apple metal-3`. */
export function adapterName({
  description = '',
  device = '',
  vendor = '',
  architecture = '',
}: AdapterInfo): string {
  const short = [vendor, architecture].filter((part) => part !== '').join(' ');
  return [description, device, short].find((part) => part !== '') ?? 'GPU';
}
