import type * as tf from '@tensorflow/tfjs-core';
import { useWasmKernels, wasmKernel } from './runtime';

/** Numbers that make up for waking a thread; parts begin at whole cache lines, and none has less than four. */
export const ELEMENTS = { unit: 16, least: 8192 };

/** gelu(x). */
export const wasmGelu = wasmKernel<{ x: tf.Tensor }, object>(
  'gelu',
  ({ ranges, share, at, output }, { x }) => {
    const y = output(x.shape);
    share(
      'gelu',
      ranges(x.size, ELEMENTS).map(([start, count]) => [at(x) + 4 * start, y + 4 * start, count]),
    );
  },
);

/** d gelu'(x). */
export const wasmGeluPullBack = wasmKernel<{ x: tf.Tensor; d: tf.Tensor }, object>(
  'geluPullBack',
  ({ ranges, share, at, output }, { x, d }) => {
    const addresses = [at(x), at(d), output(x.shape)];
    share(
      'geluPullBack',
      ranges(x.size, ELEMENTS).map(([start, count]) => [...addresses.map((a) => a + 4 * start), count]),
    );
  },
);

/** gelu(x) and d gelu'(x). */
export const wasmGeluBoth = wasmKernel<{ x: tf.Tensor; d: tf.Tensor }, object, [tf.Tensor, tf.Tensor]>(
  'geluBoth',
  ({ ranges, share, at, output }, { x, d }) => {
    const addresses = [at(x), at(d), output(x.shape), output(x.shape)];
    share(
      'geluBoth',
      ranges(x.size, ELEMENTS).map(([start, count]) => [...addresses.map((a) => a + 4 * start), count]),
    );
  },
);

/** Whether our own elementwise kernels take a tensor: they work on four numbers at a time. */
export function takesElements(x: tf.Tensor): boolean {
  return x.size >= 4 && x.dtype === 'float32' && useWasmKernels();
}
