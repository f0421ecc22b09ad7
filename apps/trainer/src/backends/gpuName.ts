import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The name of the first GPU as NVIDIA's driver for Linux states it, e.g. `NVIDIA H200`; null where there is no such driver.
 *
 * @param root For tests: where the driver keeps a folder for each GPU.
 */
export function gpuName(root = '/proc/driver/nvidia/gpus'): string | null {
  try {
    const [first = ''] = readdirSync(root).sort();
    return /^Model:\s*(.+?)\s*$/m.exec(readFileSync(join(root, first, 'information'), 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}
