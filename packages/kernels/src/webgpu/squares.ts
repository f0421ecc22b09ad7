import type * as tf from '@tensorflow/tfjs-core';
import type { Program } from './program';
import { linearArguments, linearGroup, useWebgpuKernels, webgpuKernel } from './runtime';

// Every thread sums numbers of a tensor and keeps its sum in one list for all tensors, which is then summed to ever shorter
// ones. No thread waits for another, and no square reaches memory.

const GROUP = 64;

/** Values of a thread, at least, and threads of a tensor, at most. */
const LEAST_VALUES = 16;
const MOST_THREADS = 8192;

/** Sums that a thread adds up, at most. */
const MOST_SUMS = 256;

const sumsProgram = (name: string, wide: boolean, term: string): Program => ({
  name,
  reads: ['x'],
  writes: ['sums: f32'],
  sizes: ['count', 'threads', 'first'],
  wide,
  code: () => `@compute @workgroup_size(${GROUP})
fn main(${linearArguments}) {
  let mine = (${linearGroup}) * ${GROUP}u + thread;
  if (mine >= sizes.threads) { return; }
  var sum = Value(0.0);
  for (var i = mine; i < sizes.count; i += sizes.threads) { sum += ${term}; }
  sums[sizes.first + mine] = total(sum);
}`,
});

const squares = (wide: boolean) => sumsProgram('sumsOfSquares', wide, 'x[i] * x[i]');
const plain = sumsProgram('sumsOfSums', false, 'x[i]');

/** Sum of the squares of all elements of all tensors, a scalar. */
export const webgpuSumOfSquares = webgpuKernel<tf.NamedTensorMap, object>(
  'sumOfSquares',
  ({ dispatch, output, scratch }, inputs) => {
    let end = 0;
    const parts = Object.values(inputs).map((tensor) => {
      const wide = tensor.size % 4 === 0;
      const count = wide ? tensor.size / 4 : tensor.size;
      const threads = Math.min(Math.ceil(count / LEAST_VALUES), MOST_THREADS);
      const first = end;
      end += threads;
      return { tensor, wide, count, threads, first };
    });
    const sums = scratch(end);
    for (const { tensor, wide, count, threads, first } of parts) {
      dispatch(squares(wide), [tensor, sums], [count, threads, first], [Math.ceil(threads / GROUP)]);
    }
    let list = { tensor: sums, length: end };
    do {
      const length = Math.ceil(list.length / MOST_SUMS);
      const tensor = length === 1 ? output([]) : scratch(length);
      dispatch(plain, [list.tensor, tensor], [list.length, length, 0], [Math.ceil(length / GROUP)]);
      list = { tensor, length };
    } while (list.length > 1);
  },
);

/** Whether {@link webgpuSumOfSquares} takes tensors. */
export function takesSquares(tensors: readonly tf.Tensor[]): boolean {
  return tensors.length > 0 && useWebgpuKernels(...tensors);
}
