import type * as tf from '@tensorflow/tfjs-core';
import { count } from './codeText';
import { ends, endsOf, inLists, manyMain, storageBuffers, THREADS } from './manyTensors';
import type { Program } from './program';
import { linearArguments, linearGroup, useWebgpuKernels, webgpuKernel } from './runtime';

// Every thread sums numbers of a tensor and keeps its sum in one list for all tensors, which is then summed to ever shorter
// ones. No thread waits for another, and no square reaches memory.

/** Values of a thread, at least, and threads of a tensor, at most. */
const LEAST_VALUES = 16;
const MOST_THREADS = 8192;

/** Sums that a thread adds up, at most. */
const MOST_SUMS = 256;

/** Tensors of one dispatch, at most, so that shaders stay small. */
const MOST_TENSORS = 15;

const squares = (tensors: number, wide: boolean): Program => ({
  name: 'sumsOfSquares',
  variant: String(tensors),
  reads: count(tensors).map((i) => `x${i}`),
  writes: ['sums: f32'],
  sizes: ['first', ...ends(tensors), ...count(tensors).map((i) => `count${i}`)],
  wide,
  code: () =>
    manyMain(
      tensors,
      (i) => `var sum = Value(0.0);
    for (var i = mine; i < sizes.count${i}; i += threads) { sum += x${i}[i] * x${i}[i]; }
    sums[sizes.first + at * ${THREADS}u + thread] = total(sum);`,
    ),
});

const sumsOfSums: Program = {
  name: 'sumsOfSums',
  reads: ['x'],
  writes: ['sums'],
  sizes: ['count', 'threads'],
  wide: false,
  code: () => `@compute @workgroup_size(${THREADS})
fn main(${linearArguments}) {
  let mine = (${linearGroup}) * ${THREADS}u + thread;
  if (mine >= sizes.threads) { return; }
  var sum = 0.0;
  for (var i = mine; i < sizes.count; i += sizes.threads) { sum += x[i]; }
  sums[mine] = sum;
}`,
};

/** What a dispatch is given for a tensor. */
function partOf(tensor: tf.Tensor) {
  const wide = tensor.size % 4 === 0;
  const values = wide ? tensor.size / 4 : tensor.size;
  const threads = Math.min(Math.ceil(values / LEAST_VALUES), MOST_THREADS);
  return { tensor, wide, values, groups: Math.ceil(threads / THREADS) };
}

/**
 * Sum of the squares of all elements of all tensors, a scalar.
 *
 * `buffers` is how many a shader may bind, as many as the device allows by default: for comparisons.
 */
export const webgpuSumOfSquares = webgpuKernel<tf.NamedTensorMap, { buffers?: number }>(
  'sumOfSquares',
  ({ backend, dispatch, output, scratch }, inputs, { buffers = storageBuffers(backend.device) }) => {
    const parts = Object.values(inputs).map(partOf);
    const sums = scratch(parts.reduce((sum, { groups }) => sum + groups * THREADS, 0));
    let first = 0;
    for (const wide of [true, false]) {
      const kind = parts.filter((part) => part.wide === wide);
      for (const list of inLists(kind, Math.min(buffers - 1, MOST_TENSORS))) {
        const [tensors, values] = [list.map(({ tensor }) => tensor), list.map((part) => part.values)];
        const last = endsOf(list.map(({ groups }) => groups));
        const groups = last.at(-1) ?? 0;
        dispatch(squares(list.length, wide), [...tensors, sums], [first, ...last, ...values], [groups]);
        first += groups * THREADS;
      }
    }
    let list = { tensor: sums, length: first };
    do {
      const length = Math.ceil(list.length / MOST_SUMS);
      const tensor = length === 1 ? output([]) : scratch(length);
      dispatch(sumsOfSums, [list.tensor, tensor], [list.length, length], [Math.ceil(length / THREADS)]);
      list = { tensor, length };
    } while (list.length > 1);
  },
);

/** Whether {@link webgpuSumOfSquares} takes tensors. */
export function takesSquares(tensors: readonly tf.Tensor[]): boolean {
  return tensors.length > 0 && useWebgpuKernels(...tensors);
}
