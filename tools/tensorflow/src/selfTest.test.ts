import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder, writeFiles } from './fakes.testdata';
import { selfTest } from './selfTest';

/** A package like the binding's: TensorFlow.js on the processor, which says of itself what the native backend does. */
function packageWith(changes: string): string {
  const folder = join(scratchFolder(), 'package');
  const tfjs = createRequire(import.meta.url).resolve('@tensorflow/tfjs');
  writeFiles(folder, {
    'package.json': '{}',
    'index.js': `
      const tf = require(${JSON.stringify(tfjs)});
      console.log('hello');
      tf.setBackend('cpu');
      Object.assign(module.exports, tf, {
        getBackend: () => 'tensorflow',
        backend: () => ({ isUsingGpuDevice: true, binding: { TF_Version: '9.9.9' } }),
        ...(${changes}),
      });`,
  });
  return folder;
}

describe('selfTest', () => {
  it('says what it found', () => {
    const report = selfTest(packageWith('{}'));
    expect(report).toMatchObject({ node: process.version, tensorflow: '9.9.9', device: 'GPU' });
    expect(report.gflops).toBeGreaterThan(0);
  });

  it.each([
    [
      '{ matMul: (a, b) => tf.matMul(b, a, true) }',
      /^\[\[1, 2\], \[3, 4\]\] squared should be 7, 10, 15, 22, and is /,
    ],
    ['{ conv2d: (x, f) => tf.conv2d(x, f, 1, "same") }', /^a convolution should be 6, 8, 12, 14, and is /],
    ['{ sin: tf.cos }', /^the gradient of x sin x should be /],
    ['{ logicalNot: (x) => tf.keep(tf.logicalNot(x)) }', /^1 tensors are left behind$/],
    ['{ getBackend: () => "cpu" }', /^its backend does not start: cpu is active$/],
  ])('notices %s', (changes, problem) => {
    expect(() => selfTest(packageWith(changes))).toThrow(problem);
  });
});
