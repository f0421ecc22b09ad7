import { activeDevice, useWebgpuKernels } from './webgpu/runtime';

let inside = 0;

/** Whether the active backend can multiply in float16: webgpu on a device that was made with the feature `shader-f16`. */
export function hasHalfPrecision(): boolean {
  return useWebgpuKernels() && activeDevice().features.has('shader-f16');
}

/** Whether products are to be in float16 now: see {@link inHalfPrecision}. */
export function isHalfPrecision(): boolean {
  return inside > 0;
}

/**
 * Runs `f` with the matrix products of dense layers in float16 where {@link hasHalfPrecision}, elsewhere as it is: for
 * drawing samples, not for training. Factors are rounded to float16 and multiplied there, 16 or 32 products are summed
 * there, and those sums are summed in float32; tensors stay float32. A product is off by up to 1e-3 of its largest number,
 * and factors beyond 65504 are infinite.
 *
 * @param f Synchronous. A function that is compiled has to call this inside of itself, as what counts is how it is recorded.
 */
export function inHalfPrecision<T>(f: () => T): T {
  inside++;
  try {
    return f();
  } finally {
    inside--;
  }
}
