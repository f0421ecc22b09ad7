import { readFileSync } from 'node:fs';
import { it } from 'vitest';
import { fuzzCheckpoint } from './torchCheckpoint.testdata';

it.each(['torch_checkpoint.pth', 'torch_checkpoint_1_5.pth'])(
  'neither crashes nor allocates at 100,000 random changes of %s',
  (name) => {
    fuzzCheckpoint(
      new Uint8Array(readFileSync(new URL(`../../../golden/${name}`, import.meta.url))),
      100_000,
    );
  },
);
