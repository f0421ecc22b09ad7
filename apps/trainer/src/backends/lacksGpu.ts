import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where Linux lists GPUs, and the names that are one. */
const places: readonly (readonly [folder: string, name: RegExp])[] = [
  ['dev/dri', /^renderD/], // the drivers of the kernel
  ['dev', /^(nvidia|nvhost|mali|kgsl|dxg$)/], // NVIDIA's own, for Tegra too, Arm's and Qualcomm's; dxg is WSL's
  ['proc/driver/nvidia/gpus', /./], // NVIDIA's own again, before a program has made its entries in /dev
];

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Whether this machine surely has no GPU for programs: Linux lists none. Of other systems this is not known.
 *
 * @param root For tests: where the file system begins.
 * @param platform For tests: the system.
 */
export function lacksGpu(root = '/', platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return false;
  return !places.some(([folder, name]) => list(join(root, folder)).some((entry) => name.test(entry)));
}
