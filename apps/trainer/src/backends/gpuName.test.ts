import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { gpuName } from './gpuName';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meanflow-gpus-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

it('reads what the driver says of the first GPU', () => {
  for (const [address, model] of [
    ['0000:1b:00.0', 'second'],
    ['0000:0a:00.0', 'NVIDIA H200'],
  ] as const) {
    mkdirSync(join(root, address));
    writeFileSync(join(root, address, 'information'), `Model: \t\t ${model}\nIRQ:   \t\t 1\n`);
  }
  expect(gpuName(root)).toBe('NVIDIA H200');
});

it('knows nothing where there is no driver', () => {
  expect(gpuName(root)).toBeNull();
  expect(gpuName(join(root, 'none'))).toBeNull();
});
