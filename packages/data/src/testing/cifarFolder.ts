import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const shared =
  process.env['MEANFLOW_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url));
const folder = join(shared, 'data', 'cifar10');

/** Folder with CIFAR-10 as shards, or null where this machine has none. */
export const cifarFolder = existsSync(folder) ? folder : null;

/** Says in a test's title why it is skipped. */
export const needsCifar =
  cifarFolder === null
    ? ` (skipped: no CIFAR-10 in ${folder}; set MEANFLOW_SHARED to a folder with data/cifar10)`
    : '';
