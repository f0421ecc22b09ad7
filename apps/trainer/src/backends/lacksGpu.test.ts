import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lacksGpu } from './lacksGpu';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meanflow-dev-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function add(path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), '');
}

it.each([
  'dev/dri/renderD128',
  'dev/nvidia0',
  'dev/nvhost-gpu',
  'dev/mali0',
  'dev/kgsl-3d0',
  'dev/dxg',
  'proc/driver/nvidia/gpus/0000:1b:00.0',
])('takes %s for a GPU', (path) => {
  expect(lacksGpu(root, 'linux')).toBe(true);
  add(path);
  expect(lacksGpu(root, 'linux')).toBe(false);
});

it('takes neither a screen nor a sound card for one', () => {
  for (const path of ['dev/null', 'dev/dri/card0', 'dev/dri/by-path/x', 'dev/snd/seq', 'dev/fb0']) add(path);
  expect(lacksGpu(root, 'linux')).toBe(true);
});

it('does not know where the system is not Linux', () => {
  expect(lacksGpu(root, 'darwin')).toBe(false);
  expect(lacksGpu(root, 'win32')).toBe(false);
});
