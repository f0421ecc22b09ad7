import type { GpuDevice } from './backend';
import { count } from './codeText';
import { linearArguments, linearGroup } from './runtime';

// One dispatch for several tensors: its first workgroups compute the first, the next ones the second, and so on.

/** Threads of a workgroup of {@link manyMain}. */
export const THREADS = 64;

/** Storage buffers that one shader of the device may bind. */
export function storageBuffers({ limits }: GpuDevice): number {
  return limits.maxStorageBuffersPerShaderStage ?? 8;
}

/** Names of the sizes that {@link manyMain} needs: the number of workgroups up to the end of each tensor. */
export const ends = (tensors: number): string[] => count(tensors).map((i) => `end${i}`);

/** {@link ends}, from the number of workgroups of each tensor. */
export function endsOf(groups: readonly number[]): number[] {
  let end = 0;
  return groups.map((n) => (end += n));
}

/**
 * `fn main` with one body for each tensor.
 *
 * @param body Statements for tensor `i`, where `mine` is the thread's number among the tensor's `threads`, a multiple of
 *   {@link THREADS}, and `at` is the workgroup's among all.
 */
export function manyMain(tensors: number, body: (i: number) => string): string {
  const parts = count(tensors).map((i) => {
    const begin = i === 0 ? '0u' : `sizes.end${i - 1}`;
    return `if (at < sizes.end${i}) {
    let mine = (at - ${begin}) * ${THREADS}u + thread;
    let threads = (sizes.end${i} - ${begin}) * ${THREADS}u;
    ${body(i)}
  }`;
  });
  return `@compute @workgroup_size(${THREADS})
fn main(${linearArguments}) {
  let at = ${linearGroup};
  ${parts.join(' else ')}
}`;
}

/** Lists of at most `most` items, in their order; an item that `meets` one of its list begins another. */
export function inLists<T>(
  items: readonly T[],
  most: number,
  meets: (a: T, b: T) => boolean = () => false,
): T[][] {
  const lists: T[][] = [];
  for (const item of items) {
    const last = lists.at(-1);
    if (last === undefined || last.length >= most || last.some((other) => meets(other, item)))
      lists.push([item]);
    else last.push(item);
  }
  return lists;
}
