import type * as tf from '@tensorflow/tfjs-core';
import { productScratch } from './productCode';
import { wasmKernel } from './runtime';
import type { KernelContext } from './runtime';

interface Heads {
  heads: number;
}

/** Multiplications, about, that make up for waking a thread. */
const WORTH_SHARING = 5e5;

/**
 * One of the passes of `attentionCode`, head by head, by several threads.
 *
 * @param packed Addresses of [B, N, 3 D].
 * @param plain Addresses of [B, N, D].
 */
function computeHeads(
  { functions, ranges, scratch, share }: KernelContext,
  name: 'attention' | 'attentionPullBack' | 'attentionPush',
  [batch = 1, tokens = 1, width = 1]: readonly number[],
  heads: number,
  [packed, plain]: readonly [packed: readonly number[], plain: readonly number[]],
): void {
  const features = width / 3 / heads;
  const longest = Math.max(tokens, features);
  const shared = scratch(1 + longest);
  functions.fillOne(shared, features ** -0.5);
  functions.zero(shared + 4, longest);
  const perHead = 2 * tokens * tokens * features;
  share(
    name,
    ranges(batch * heads, { least: WORTH_SHARING / perHead }).map(([start, count]) => {
      const head = start % heads;
      const before = (columns: number) => 4 * (((start - head) / heads) * tokens * columns + head * features);
      return [
        ...packed.map((address) => address + before(width)),
        ...plain.map((address) => address + before(width / 3)),
        ...[head, heads, tokens, features, shared, count],
      ];
    }),
    2 * tokens * tokens + productScratch(longest, longest),
  );
}

const resultShape = ([batch = 1, tokens = 1, width = 1]: readonly number[]) => [batch, tokens, width / 3];

/** softmax(s q k') v. */
export const wasmAttention = wasmKernel<Record<'qkv', tf.Tensor>, Heads>(
  'attention',
  (context, { qkv }, { heads }) => {
    const y = context.output(resultShape(qkv.shape));
    computeHeads(context, 'attention', qkv.shape, heads, [[context.at(qkv)], [y]]);
  },
);

/** Gradient of q, k and v; see `attentionPrimitive` for the formulas. */
export const wasmAttentionPullBack = wasmKernel<Record<'qkv' | 'dy', tf.Tensor>, Heads>(
  'attentionPullBack',
  (context, { qkv, dy }, { heads }) => {
    const { at, output } = context;
    const dqkv = output(qkv.shape);
    computeHeads(context, 'attentionPullBack', qkv.shape, heads, [[at(qkv), dqkv], [at(dy)]]);
  },
);

/** Tangent of the result in a direction d of q, k and v. */
export const wasmAttentionPush = wasmKernel<Record<'qkv' | 'd', tf.Tensor>, Heads>(
  'attentionPush',
  (context, { qkv, d }, { heads }) => {
    const { at, output } = context;
    const dy = output(resultShape(qkv.shape));
    computeHeads(context, 'attentionPush', qkv.shape, heads, [[at(qkv), at(d)], [dy]]);
  },
);
