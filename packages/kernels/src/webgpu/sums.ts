import type * as tf from '@tensorflow/tfjs-core';
import { computesOnCpu } from './adapter';
import type { GpuDevice } from './backend';
import type { Program } from './program';
import { linearArguments } from './runtime';
import type { KernelContext } from './runtime';

// Sums over the tokens of each sample: a thread takes one value's column and, on a GPU, every fourth token of a chunk, so
// that neighbouring threads read neighbouring numbers. Long columns are cut into chunks, whose sums are summed again.

const COLUMNS = 16;
const CHUNK = 128;

/** Threads of a column; one where an adapter computes on the CPU, for there they would wait long for each other. */
const planSums = (device: GpuDevice): number => (computesOnCpu(device) ? 1 : 4);

/** What is summed: expressions of `at`, the place of a value in the tokens, and of `row`, its token. */
export interface Summed {
  name: string;
  reads: readonly string[];
  terms: readonly string[];
}

function sumsProgram({ name, reads, terms }: Summed, wide: boolean, groups: number): Program {
  const each = (line: (term: string, i: number) => string) => terms.map(line).join('\n');
  const threads = COLUMNS * groups;
  const parts = (i: number) =>
    Array.from({ length: groups }, (_, n) => `partial[${i}][thread + ${n * COLUMNS}u]`);
  const [memory, meet, sum] =
    groups === 1
      ? ['', '', (i: number) => `mine${i}`]
      : [
          `var<workgroup> partial: array<array<Value, ${threads}>, ${terms.length}>;`,
          `${each((_, i) => `partial[${i}][thread] = mine${i};`)}
  workgroupBarrier();`,
          (i: number) => parts(i).join(' + '),
        ];
  return {
    name,
    reads,
    writes: terms.map((_, i) => `sum${i}`),
    sizes: ['tokens', 'columns', 'chunks', 'chunk'],
    wide,
    variant: String(groups),
    code: () => `
${memory}
@compute @workgroup_size(${threads})
fn main(${linearArguments}) {
  let column = group.x * ${COLUMNS}u + thread % ${COLUMNS}u;
  let first = group.y * sizes.chunk + thread / ${COLUMNS}u;
  let last = min((group.y + 1u) * sizes.chunk, sizes.tokens);
  let end = select(0u, last, column < sizes.columns);
  ${each((_, i) => `var mine${i} = Value(0.0);`)}
  for (var token = first; token < end; token += ${groups}u) {
    let row = group.z * sizes.tokens + token;
    let at = row * sizes.columns + column;
    ${each((term, i) => `mine${i} += ${term};`)}
  }
  ${meet}
  if (thread >= ${COLUMNS}u || column >= sizes.columns) { return; }
  let to = (group.z * sizes.chunks + group.y) * sizes.columns + column;
  ${each((_, i) => `sum${i}[to] = ${sum(i)};`)}
}`,
  };
}

/**
 * Sums the terms over the tokens of every sample, [B, N, D] -> [B, D].
 *
 * @param groups Threads of a column, by default as many as are fastest on the device.
 */
export function columnSums(
  { backend, dispatch, scratch }: KernelContext,
  summed: Summed,
  inputs: readonly tf.TensorInfo[],
  outputs: readonly tf.TensorInfo[],
  { wide, batch, tokens, columns }: { wide: boolean; batch: number; tokens: number; columns: number },
  groups = planSums(backend.device),
): void {
  const chunks = tokens > 2 * CHUNK ? Math.ceil(tokens / CHUNK) : 1;
  const across = Math.ceil(columns / COLUMNS);
  const sumInto = (program: Program, tensors: readonly tf.TensorInfo[], length: number, parts: number) => {
    dispatch(program, tensors, [length, columns, parts, Math.ceil(length / parts)], [across, parts, batch]);
  };
  if (chunks === 1) {
    sumInto(sumsProgram(summed, wide, groups), [...inputs, ...outputs], tokens, 1);
    return;
  }
  const partial = outputs.map(() => scratch(batch * chunks * columns * (wide ? 4 : 1)));
  sumInto(sumsProgram(summed, wide, groups), [...inputs, ...partial], tokens, chunks);
  const again = { name: 'sumOfChunks', reads: ['x'], terms: ['x[at]'] };
  for (const [i, output] of outputs.entries()) {
    sumInto(sumsProgram(again, wide, groups), [partial[i] ?? output, output], chunks, 1);
  }
}
