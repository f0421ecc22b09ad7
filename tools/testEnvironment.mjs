// @ts-check
// Prints what tests find outside of the repository and behave differently with: nx takes it for an input of theirs.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from './install.mjs';

const shared = process.env['MEANFLOW_SHARED'] ?? join(workspaceRoot, '../shared');
console.log(
  JSON.stringify({
    tensorflow: readdirSync(join(workspaceRoot, 'node_modules/@tensorflow')), // backends may be installed beside the lock
    mnist: existsSync(join(shared, 'data/mnist')),
  }),
);
