import type * as tf from '@tensorflow/tfjs-core';
import type { Program } from './program';
import { linearArguments } from './runtime';
import type { KernelContext } from './runtime';

// Sums over the tokens of each sample: a thread takes one value's column and every GROUPS-th token of a chunk, so that
// neighbouring threads read neighbouring numbers. Long columns are cut into chunks, whose sums are summed again.

const COLUMNS = 16;
const GROUPS = 4;
const CHUNK = 128;

/** What is summed: expressions of `at`, the place of a value in the tokens, and of `row`, its token. */
export interface Summed {
  name: string;
  reads: readonly string[];
  terms: readonly string[];
}

function sumsProgram({ name, reads, terms }: Summed, wide: boolean): Program {
  const each = (line: (term: string, i: number) => string) => terms.map(line).join('\n');
  return {
    name,
    reads,
    writes: terms.map((_, i) => `sum${i}`),
    sizes: ['tokens', 'columns', 'chunks', 'chunk'],
    wide,
    code: () => `
var<workgroup> partial: array<array<Value, ${COLUMNS * GROUPS}>, ${terms.length}>;
@compute @workgroup_size(${COLUMNS * GROUPS})
fn main(${linearArguments}) {
  let column = group.x * ${COLUMNS}u + thread % ${COLUMNS}u;
  let first = group.y * sizes.chunk + thread / ${COLUMNS}u;
  let last = min((group.y + 1u) * sizes.chunk, sizes.tokens);
  let end = select(0u, last, column < sizes.columns);
  ${each((_, i) => `var mine${i} = Value(0.0);`)}
  for (var token = first; token < end; token += ${GROUPS}u) {
    let row = group.z * sizes.tokens + token;
    let at = row * sizes.columns + column;
    ${each((term, i) => `mine${i} += ${term};`)}
  }
  ${each((_, i) => `partial[${i}][thread] = mine${i};`)}
  workgroupBarrier();
  if (thread >= ${COLUMNS}u || column >= sizes.columns) { return; }
  let to = (group.z * sizes.chunks + group.y) * sizes.columns + column;
  ${each((_, i) => {
    const parts = Array.from({ length: GROUPS }, (__, n) => `partial[${i}][thread + ${n * COLUMNS}u]`);
    return `sum${i}[to] = ${parts.join(' + ')};`;
  })}
}`,
  };
}

/** Sums the terms over the tokens of every sample, [B, N, D] -> [B, D]. */
export function columnSums(
  { dispatch, scratch }: KernelContext,
  summed: Summed,
  inputs: readonly tf.TensorInfo[],
  outputs: readonly tf.TensorInfo[],
  { wide, batch, tokens, columns }: { wide: boolean; batch: number; tokens: number; columns: number },
): void {
  const chunks = tokens > 2 * CHUNK ? Math.ceil(tokens / CHUNK) : 1;
  const across = Math.ceil(columns / COLUMNS);
  const sumInto = (program: Program, tensors: readonly tf.TensorInfo[], length: number, parts: number) => {
    dispatch(program, tensors, [length, columns, parts, Math.ceil(length / parts)], [across, parts, batch]);
  };
  if (chunks === 1) {
    sumInto(sumsProgram(summed, wide), [...inputs, ...outputs], tokens, 1);
    return;
  }
  const partial = outputs.map(() => scratch(batch * chunks * columns * (wide ? 4 : 1)));
  sumInto(sumsProgram(summed, wide), [...inputs, ...partial], tokens, chunks);
  const again = { name: 'sumOfChunks', reads: ['x'], terms: ['x[at]'] };
  for (const [i, output] of outputs.entries()) {
    sumInto(sumsProgram(again, wide), [partial[i] ?? output, output], chunks, 1);
  }
}
