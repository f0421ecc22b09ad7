import type * as tf from '@tensorflow/tfjs-core';
import { productScratch } from './productCode';
import { wasmKernel } from './runtime';
import type { KernelContext } from './runtime';

// Attention, head by head: the heads are read where they lie in [B, N, D], by their stride, and a head's N x N scores
// exist only while it is computed.

interface Heads {
  heads: number;
}

/** A head's matrix: an address, and bytes from row to row. */
interface Matrix {
  address: number;
  stride: number;
  transposed?: boolean;
}

/** What the passes share: sizes, a head's matrices, and products. */
function headwise(
  { functions, scratch }: KernelContext,
  [batch = 1, tokens = 1, packed = 1]: number[],
  heads: number,
) {
  const width = packed / 3;
  const features = width / heads;
  const longest = Math.max(tokens, features);
  const scores = tokens * tokens;
  const space = scratch(2 * scores + longest + 1 + productScratch(longest, longest));
  const zeros = space + 4 * 2 * scores;
  const scale = zeros + 4 * longest;
  functions.zero(zeros, longest);
  functions.fillOne(scale, features ** -0.5);
  return {
    shape: [batch, tokens, width],
    /** Scratch matrices of [N, N]. */
    first: { address: space, stride: 4 * tokens },
    second: { address: space + 4 * scores, stride: 4 * tokens },
    /**
     * Calls `body` for each head of each sample, with ways to its parts of tensors: of one [B, N, D], and of the
     * queries, keys and values in [B, N, 3 D].
     */
    each: (
      body: (of: (tensor: number) => Matrix, parts: (tensor: number) => [Matrix, Matrix, Matrix]) => void,
    ) => {
      const at = (address: number, columns: number) => ({ address, stride: 4 * columns });
      for (let sample = 0; sample < batch; sample++) {
        for (let head = 0; head < heads; head++) {
          const [start, feature] = [sample * tokens * width, head * features];
          const part = (tensor: number, n: number) =>
            at(tensor + 4 * (3 * start + n * width + feature), 3 * width);
          body(
            (tensor) => at(tensor + 4 * (start + feature), width),
            (tensor) => [part(tensor, 0), part(tensor, 1), part(tensor, 2)],
          );
        }
      }
    },
    /** c = a b for [m, k] times [k, n], each N or d; added to c if asked for. */
    product: (a: Matrix, b: Matrix, c: Matrix, [m, n, k]: Sizes, { adds = false } = {}) => {
      functions.product(
        ...[a.address, a.stride, Number(a.transposed ?? false)],
        ...[b.address, b.stride, Number(b.transposed ?? false)],
        ...[c.address, c.stride, m, n, k],
        ...(adds ? [c.address, c.stride] : [zeros, 0]),
        scale + 4,
      );
    },
    softmax: ({ address }: Matrix) => {
      functions.softmaxRows(address, scale, tokens, tokens);
    },
    /** d = s a (d - sum a d). */
    slope: (a: Matrix, d: Matrix) => {
      functions.softmaxSlopeRows(a.address, d.address, scale, tokens, tokens);
    },
    toScores: [tokens, tokens, features] satisfies Sizes,
    toFeatures: [tokens, features, tokens] satisfies Sizes,
  };
}

type Sizes = [m: number, n: number, k: number];

const transposed = (matrix: Matrix): Matrix => ({ ...matrix, transposed: true });

/** softmax(s q k') v. */
export const wasmAttention = wasmKernel<Record<'qkv', tf.Tensor>, Heads>(
  'attention',
  (context, { qkv }, { heads }) => {
    const { shape, first, each, product, softmax, toScores, toFeatures } = headwise(
      context,
      qkv.shape,
      heads,
    );
    const [from, y] = [context.at(qkv), context.output(shape)];
    each((of, parts) => {
      const [q, k, v] = parts(from);
      product(q, transposed(k), first, toScores);
      softmax(first);
      product(first, v, of(y), toFeatures);
    });
  },
);

/** Gradient of q, k and v; see `attentionPrimitive` for the formulas. */
export const wasmAttentionPullBack = wasmKernel<Record<'qkv' | 'dy', tf.Tensor>, Heads>(
  'attentionPullBack',
  (context, inputs, { heads }) => {
    const { at, output } = context;
    const { shape } = inputs.qkv;
    const { first, second, each, product, softmax, slope, toScores, toFeatures } = headwise(
      context,
      shape,
      heads,
    );
    const [from, to, dOut] = [at(inputs.qkv), output(shape), at(inputs.dy)];
    each((of, parts) => {
      const [q, k, v] = parts(from);
      const [dq, dk, dv] = parts(to);
      const dy = of(dOut);
      product(q, transposed(k), first, toScores);
      softmax(first);
      product(transposed(first), dy, dv, toFeatures);
      product(dy, transposed(v), second, toScores);
      slope(first, second);
      product(second, k, dq, toFeatures);
      product(transposed(second), q, dk, toFeatures);
    });
  },
);

/** Tangent of the result in a direction d of q, k and v. */
export const wasmAttentionPush = wasmKernel<Record<'qkv' | 'd', tf.Tensor>, Heads>(
  'attentionPush',
  (context, inputs, { heads }) => {
    const { at, output } = context;
    const passes = headwise(context, inputs.qkv.shape, heads);
    const { shape, first, second, each, product, softmax, slope, toScores, toFeatures } = passes;
    const [from, direction, to] = [at(inputs.qkv), at(inputs.d), output(shape)];
    each((of, parts) => {
      const [q, k, v] = parts(from);
      const [dq, dk, dv] = parts(direction);
      const dy = of(to);
      product(q, transposed(k), first, toScores);
      softmax(first);
      product(dq, transposed(k), second, toScores);
      product(q, transposed(dk), second, toScores, { adds: true });
      slope(first, second);
      product(second, v, dy, toFeatures);
      product(first, dv, dy, toFeatures, { adds: true });
    });
  },
);
