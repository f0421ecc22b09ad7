import { expect, it } from 'vitest';
import { explainNoGpu } from './noGpu';

it('says why there is no GPU, as far as it can be known', () => {
  expect(explainNoGpu({ platform: 'linux' }, () => false)).toBe(
    "No GPU was found, for NVIDIA's driver is not loaded: it computes on the CPU until there is one.",
  );
  expect(explainNoGpu({ platform: 'linux' }, () => true)).toContain('docker run --gpus all');
  expect(explainNoGpu({ platform: 'win32' }, () => false)).toMatch(/^No GPU was found: /);
});
