import type * as tf from '@tensorflow/tfjs-core';
import { headProduct } from './products';
import type { HeadMatrices } from './products';
import type { Program } from './program';
import { linearArguments, linearGroup, webgpuKernel } from './runtime';
import type { KernelContext } from './runtime';

// Attention of products, with the scores of all heads in memory: for adapters that compute on the CPU. There a product
// is several times as fast as a score by score pass, whose thousands of instructions also take a CPU's compiler minutes.

/** Rows of a workgroup, one for each thread: threads that share a row would have to wait for each other. */
const ROWS = 64;

const rowsCode = (body: string) => `
@compute @workgroup_size(${ROWS})
fn main(${linearArguments}) {
  let row = (${linearGroup}) * ${ROWS}u + thread;
  if (row >= sizes.rows) { return; }
  let start = row * sizes.columns;
  let end = start + sizes.columns;
  let scale = inverseSqrt(f32(sizes.features));
  ${body}
}`;
const eachColumn = 'for (var i = start; i < end; i++)';
const SIZES = ['rows', 'columns', 'features'];

/** softmax(s scores) over rows, in place. */
const softmaxRows: Program = {
  name: 'softmaxRows',
  reads: [],
  writes: ['scores'],
  sizes: SIZES,
  wide: false,
  code: () =>
    rowsCode(`
  var highest = scores[start];
  ${eachColumn} { highest = max(highest, scores[i]); }
  var total = 0.0;
  ${eachColumn} {
    let power = exp((scores[i] - highest) * scale);
    scores[i] = power;
    total += power;
  }
  let share = 1.0 / total;
  ${eachColumn} { scores[i] *= share; }`),
};

/** d = s a (d - sum a d), in place. */
const softmaxSlopeRows: Program = {
  name: 'softmaxSlopeRows',
  reads: ['a'],
  writes: ['d'],
  sizes: SIZES,
  wide: false,
  code: () =>
    rowsCode(`
  var sum = 0.0;
  ${eachColumn} { sum += a[i] * d[i]; }
  ${eachColumn} { d[i] = scale * a[i] * (d[i] - sum); }`),
};

/** What the passes share: sizes, the heads' matrices, and products. */
function headwise(context: KernelContext, [batch = 1, tokens = 1, packed = 1]: number[], heads: number) {
  const width = packed / 3;
  const features = width / heads;
  const count = batch * heads * tokens * tokens;
  const part = (tensor: tf.TensorInfo, n: number): HeadMatrices => ({
    tensor,
    strides: [packed, tokens * packed, features, n * width],
  });
  const rows = batch * heads * tokens;
  const overRows = (program: Program, tensors: tf.TensorInfo[]) => {
    context.dispatch(program, tensors, [rows, tokens, features], [Math.ceil(rows / ROWS)]);
  };
  return {
    shape: [batch, tokens, width],
    /** New [N, N] for every head. */
    scores: (): HeadMatrices => ({
      tensor: context.scratch(count),
      strides: [tokens, heads * tokens * tokens, tokens * tokens, 0],
    }),
    /** Of a tensor [B, N, D]. */
    of: (tensor: tf.TensorInfo): HeadMatrices => ({ tensor, strides: [width, tokens * width, features, 0] }),
    /** Queries, keys and values of a tensor [B, N, 3 D]. */
    parts: (tensor: tf.TensorInfo) => [part(tensor, 0), part(tensor, 1), part(tensor, 2)] as const,
    /** c = a b, [N, d] times [d, N]. */
    toScores: (a: HeadMatrices, b: HeadMatrices, c: HeadMatrices, adds = false) => {
      const sizes = { samples: batch, heads, adds };
      headProduct(context, [a, b, c], [tokens, features, tokens], sizes);
    },
    /** c = a b, [N, N] times [N, d]. */
    toFeatures: (a: HeadMatrices, b: HeadMatrices, c: HeadMatrices, adds = false) => {
      const sizes = { samples: batch, heads, adds };
      headProduct(context, [a, b, c], [tokens, tokens, features], sizes);
    },
    softmax: ({ tensor }: HeadMatrices) => {
      overRows(softmaxRows, [tensor]);
    },
    slope: (a: HeadMatrices, d: HeadMatrices) => {
      overRows(softmaxSlopeRows, [a.tensor, d.tensor]);
    },
  };
}

const transposed = (matrices: HeadMatrices): HeadMatrices => ({ ...matrices, transposed: true });

/** softmax(s q k') v. */
export const productAttention = webgpuKernel<Record<'qkv', tf.Tensor>, { heads: number }>(
  'productAttention',
  (context, { qkv }, { heads }) => {
    const passes = headwise(context, qkv.shape, heads);
    const [q, k, v] = passes.parts(qkv);
    const weights = passes.scores();
    passes.toScores(q, transposed(k), weights);
    passes.softmax(weights);
    passes.toFeatures(weights, v, passes.of(context.output(passes.shape)));
  },
);

/** Gradient of q, k and v; see `attentionPrimitive` for the formulas. */
export const productAttentionPullBack = webgpuKernel<Record<'qkv' | 'dy', tf.Tensor>, { heads: number }>(
  'productAttentionPullBack',
  (context, { qkv, dy }, { heads }) => {
    const passes = headwise(context, qkv.shape, heads);
    const { toScores, toFeatures } = passes;
    const [q, k, v] = passes.parts(qkv);
    const [dq, dk, dv] = passes.parts(context.output(qkv.shape));
    const [weights, slopes] = [passes.scores(), passes.scores()];
    toScores(q, transposed(k), weights);
    passes.softmax(weights);
    toFeatures(transposed(weights), passes.of(dy), dv);
    toScores(passes.of(dy), transposed(v), slopes);
    passes.slope(weights, slopes);
    toFeatures(slopes, k, dq);
    toFeatures(transposed(slopes), q, dk);
  },
);

/** Tangent of the result in a direction d of q, k and v. */
export const productAttentionPush = webgpuKernel<Record<'qkv' | 'd', tf.Tensor>, { heads: number }>(
  'productAttentionPush',
  (context, { qkv, d }, { heads }) => {
    const passes = headwise(context, qkv.shape, heads);
    const { toScores, toFeatures } = passes;
    const [q, k, v] = passes.parts(qkv);
    const [dq, dk, dv] = passes.parts(d);
    const dy = passes.of(context.output(passes.shape));
    const [weights, slopes] = [passes.scores(), passes.scores()];
    toScores(q, transposed(k), weights);
    passes.softmax(weights);
    toScores(dq, transposed(k), slopes);
    toScores(q, transposed(dk), slopes, true);
    passes.slope(weights, slopes);
    toFeatures(slopes, v, dy);
    toFeatures(weights, dv, dy, true);
  },
);
