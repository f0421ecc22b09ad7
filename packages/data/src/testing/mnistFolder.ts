import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const shared =
  process.env['MEANFLOW_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url));
const folder = join(shared, 'data', 'mnist');

/** Folder with the four MNIST files, or null where this machine has none. */
export const mnistFolder = existsSync(folder) ? folder : null;

/** Says in a test's title why it is skipped. */
export const needsMnist =
  mnistFolder === null
    ? ` (skipped: no MNIST in ${folder}; set MEANFLOW_SHARED to a folder with data/mnist)`
    : '';
