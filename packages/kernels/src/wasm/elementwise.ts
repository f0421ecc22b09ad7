import type * as tf from '@tensorflow/tfjs-core';
import { useWasmKernels, wasmKernel } from './runtime';

/** gelu(x). */
export const wasmGelu = wasmKernel<{ x: tf.Tensor }, object>('gelu', ({ functions, at, output }, { x }) => {
  functions.gelu(at(x), output(x.shape), x.size);
});

/** d gelu'(x). */
export const wasmGeluPullBack = wasmKernel<{ x: tf.Tensor; d: tf.Tensor }, object>(
  'geluPullBack',
  ({ functions, at, output }, { x, d }) => {
    functions.geluPullBack(at(x), at(d), output(x.shape), x.size);
  },
);

/** gelu(x) and d gelu'(x). */
export const wasmGeluBoth = wasmKernel<{ x: tf.Tensor; d: tf.Tensor }, object, [tf.Tensor, tf.Tensor]>(
  'geluBoth',
  ({ functions, at, output }, { x, d }) => {
    functions.geluBoth(at(x), at(d), output(x.shape), output(x.shape), x.size);
  },
);

/** Whether our own elementwise kernels take a tensor: they work on four numbers at a time. */
export function takesElements(x: tf.Tensor): boolean {
  return x.size >= 4 && x.dtype === 'float32' && useWasmKernels();
}
