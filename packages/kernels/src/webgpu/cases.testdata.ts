import { jvp } from '@meanflow/jvp';
import { normals } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import { plainAttention } from '../attention.testdata';
import { selfAttention } from '../attention';
import { gatedResidual } from '../gatedResidual';
import { gelu } from '../gelu';
import { geluLinear } from '../geluLinear';
import { layerNormModulate } from '../layerNorm';
import { linear } from '../linear';
import { columnSums, matrixProduct } from '../matrixProduct';
import { silu } from '../silu';
import { sumOfSquares } from '../sumOfSquares';
import { sumOverTokens } from '../tokens';

// What our kernels must agree on with operations of tfjs on the cpu backend. A module of its own: tests run it over Dawn
// and, bundled, in a page of Chromium.

type Inputs = readonly tf.Tensor[];
type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

/** An operation, and the same in plain operations. */
export interface KernelCase {
  shapes: number[][];
  primitive: Operation;
  definition: Operation;
}

const at = (inputs: Inputs, i: number) => inputs[i]!;
const perToken = (x: tf.Tensor) => tf.expandDims(x, 1);

function plainGelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

function plainLayerNorm(x: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-6)));
}

type Tokens = [batch: number, tokens: number, width: number];

const named = <T>(sizes: readonly T[], name: (size: T) => string, make: (size: T) => KernelCase) =>
  sizes.map((size): [string, KernelCase] => [name(size), make(size)]);

/** Tokens of all kinds: one of each, odd numbers, widths that are no multiple of 4, more than one workgroup. */
const tokenSizes: readonly Tokens[] = [
  [1, 1, 4],
  [2, 3, 6],
  [1, 17, 20],
  [3, 65, 9],
  [2, 5, 132],
  [1, 300, 8],
];

const tokens = [
  ...named(
    tokenSizes,
    (size) => `layerNormModulate of ${size.join(' x ')}`,
    (size) => ({
      shapes: [size, [size[0], size[2]], [size[0], size[2]]],
      primitive: (...i) => layerNormModulate(at(i, 0), at(i, 1), at(i, 2)),
      definition: (...i) =>
        tf.add(tf.mul(plainLayerNorm(at(i, 0)), tf.add(1, perToken(at(i, 2)))), perToken(at(i, 1))),
    }),
  ),
  ...named(
    tokenSizes,
    (size) => `gatedResidual of ${size.join(' x ')}`,
    (size) => ({
      shapes: [size, [size[0], size[2]], size],
      primitive: (...i) => gatedResidual(at(i, 0), at(i, 1), at(i, 2)),
      definition: (...i) => tf.add(at(i, 0), tf.mul(perToken(at(i, 1)), at(i, 2))),
    }),
  ),
  ...named(
    tokenSizes,
    (size) => `sumOverTokens of ${size.join(' x ')}`,
    (size) => ({
      shapes: [size],
      primitive: (x) => sumOverTokens(x),
      definition: (x) => tf.sum(x, 1),
    }),
  ),
];

const elements = [
  ...named(
    [[1], [3, 5], [2, 4, 33]],
    (size) => `gelu of ${size.join(' x ')}`,
    (size) => ({ shapes: [size], primitive: (x) => gelu(x), definition: plainGelu }),
  ),
  ...named(
    [[1], [3, 5], [2, 4, 33]],
    (size) => `silu of ${size.join(' x ')}`,
    (size) => ({ shapes: [size], primitive: (x) => silu(x), definition: (x) => tf.mul(x, tf.sigmoid(x)) }),
  ),
];

/** One tensor and several; scalars, odd sizes, more sums than a thread takes. */
const squares = named(
  [[[2]], [[], [3, 5], [8]], [[300, 41], [64, 65], [7]]],
  (shapes) => `sumOfSquares of ${shapes.map((shape) => `[${shape.join(', ')}]`).join(', ')}`,
  (shapes) => ({
    shapes,
    primitive: (...x) => sumOfSquares(x),
    definition: (...x) => x.map((tensor) => tf.sum(tf.square(tensor))).reduce((a, b) => tf.add(a, b)),
  }),
);

/** Rows, inner width and columns of products. */
const productSizes: readonly [m: number, k: number, n: number][] = [
  [1, 1, 1],
  [3, 5, 7],
  [17, 64, 33],
  [65, 17, 4],
  [70, 36, 68],
];

const products = [
  ...named(
    productSizes,
    ([m, k, n]) => `linear with bias, ${m} x ${k} x ${n}`,
    ([m, k, n]) => ({
      shapes: [[m, k], [k, n], [n]],
      primitive: (...i) => linear(at(i, 0), at(i, 1), at(i, 2)),
      definition: (...i) => tf.add(tf.matMul(at(i, 0), at(i, 1)), at(i, 2)),
    }),
  ),
  ...named(
    productSizes,
    ([m, k, n]) => `geluLinear, ${m} x ${k} x ${n}`,
    ([m, k, n]) => ({
      shapes: [[m, k], [k, n], [n]],
      primitive: (...i) => geluLinear(at(i, 0), at(i, 1), at(i, 2)),
      definition: (...i) => tf.add(tf.matMul(plainGelu(at(i, 0)), at(i, 1)), at(i, 2)),
    }),
  ),
  ...productSizes.flatMap(([m, k, n]) =>
    named(
      [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ],
      ([a, b]) => `matrixProduct, ${m} x ${k}${a ? ' transposed' : ''}, ${k} x ${n}${b ? ' transposed' : ''}`,
      ([transposeA = false, transposeB = false]) => ({
        shapes: [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]],
        primitive: (...i) =>
          matrixProduct(at(i, 0) as tf.Tensor2D, at(i, 1) as tf.Tensor2D, { transposeA, transposeB }),
        definition: (...i) => tf.matMul(at(i, 0), at(i, 1), transposeA, transposeB),
      }),
    ),
  ),
  ...named(
    [
      [1, 3],
      [300, 5],
      [17, 68],
    ],
    (size) => `columnSums of ${size.join(' x ')}`,
    (size) => ({
      shapes: [size],
      primitive: (x) => columnSums(x as tf.Tensor2D),
      definition: (x) => tf.sum(x, 0),
    }),
  ),
];

/** Batch, tokens, features of a head, heads. */
const attentionSizes: readonly [number, number, number, number][] = [
  [1, 1, 4, 1],
  [2, 3, 5, 2],
  [1, 17, 8, 3],
  [2, 65, 12, 1],
  [1, 33, 64, 2],
  [1, 9, 128, 1],
  [1, 5, 6, 2],
];

const attentions = named(
  attentionSizes,
  ([batch, length, features, heads]) =>
    `selfAttention of ${batch} x ${length}, ${heads} heads of ${features}`,
  ([batch, length, features, heads]) => ({
    shapes: [[batch, length, 3 * heads * features]],
    primitive: (x) => selfAttention(x, heads),
    definition: (x) => {
      const [q, k, v] = tf.split(x, 3, 2) as [tf.Tensor, tf.Tensor, tf.Tensor];
      if (heads > 1) return plainAttention(q, k, v, heads);
      // tfjs has no gradient of a split into one part.
      return tf.matMul(tf.softmax(tf.div(tf.matMul(q, k, false, true), Math.sqrt(features))), v);
    },
  }),
);

/** All cases by their names. */
export const kernelCases: Readonly<Record<string, KernelCase>> = Object.fromEntries([
  ...tokens,
  ...elements,
  ...squares,
  ...products,
  ...attentions,
]);

/** Numbers of a shape: the same on every backend. */
export function drawn(shape: number[], seed: number): tf.Tensor {
  return tf.tensor(normals({ seed, purpose: 'webgpu' }, tf.util.sizeFromShape(shape)), shape);
}

/** The value, every gradient, and the tangent in all arguments and in the first alone. */
function derive({ shapes }: KernelCase, f: Operation): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    const inputs = shapes.map(drawn);
    const directions = shapes.map((shape, i) => drawn(shape, 100 + i));
    const value = f(...inputs);
    const gradients = tf.grads(f)(inputs, drawn(value.shape, 200));
    return {
      value,
      ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient])),
      tangent: jvp(f, inputs, directions).tangent,
      'tangent of the first': jvp(
        f,
        inputs,
        directions.map((d, i) => (i === 0 ? d : null)),
      ).tangent,
    };
  });
}

/** Second derivatives: forward over reverse, and reverse over forward. */
function deriveTwice({ shapes }: KernelCase, f: Operation): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    const inputs = shapes.map(drawn);
    const directions = shapes.map((shape, i) => drawn(shape, 100 + i));
    // Squared, so that the second derivative depends on every argument.
    const squared: Operation = (...x) => {
      const y = f(...x);
      return tf.sum(tf.mul(tf.square(y), drawn(y.shape, 200)));
    };
    const forwardOverReverse = jvp((...x: tf.Tensor[]) => tf.grads(squared)(x), inputs, directions).tangent;
    const overForward = tf.grads(
      (...x: tf.Tensor[]) => jvp(squared, x, directions, { differentiable: true }).tangent,
    )(inputs);
    const lists = { 'forward over reverse': forwardOverReverse, 'reverse over forward': overForward };
    return Object.fromEntries(
      Object.entries(lists).flatMap(([name, list]) => list.map((t, i) => [`${name}, ${i}`, t])),
    );
  });
}

/** max |a - b| / max |b|; infinite if a value is not finite. */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [largest, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    if (!Number.isFinite(difference)) return Infinity;
    largest = Math.max(largest, difference);
    scale = Math.max(scale, Math.abs(b[i] ?? 0));
  }
  return largest === 0 ? 0 : largest / Math.max(scale, Number.MIN_VALUE);
}

async function numbersOn(
  backend: string,
  compute: () => Record<string, tf.Tensor>,
): Promise<Record<string, Float32Array>> {
  await tf.setBackend(backend);
  const results = compute();
  const entries = await Promise.all(
    Object.entries(results).map(async ([name, tensor]) => [name, await tensor.data()] as const),
  );
  tf.dispose(results);
  return Object.fromEntries(entries) as Record<string, Float32Array>;
}

/**
 * Relative differences between the primitive on webgpu, where its kernels are used, and the definition on the cpu
 * backend, for the value and each derivative. The active backend is webgpu afterwards.
 *
 * @param order 1 for value, gradients and tangents, 2 for second derivatives.
 */
export async function differences(kernelCase: KernelCase, order: 1 | 2 = 1): Promise<Record<string, number>> {
  const all = order === 1 ? derive : deriveTwice;
  return compareOnBackends(
    () => all(kernelCase, kernelCase.primitive),
    () => all(kernelCase, kernelCase.definition),
  );
}

/** Relative differences between what the first function computes on webgpu and the second on cpu, by name. */
export async function compareOnBackends(
  ours: () => Record<string, tf.Tensor>,
  definition: () => Record<string, tf.Tensor>,
): Promise<Record<string, number>> {
  const expected = await numbersOn('cpu', definition);
  const actual = await numbersOn('webgpu', ours);
  const entries = Object.entries(expected).map(([name, numbers]) => {
    return [name, relativeError(actual[name] ?? [], numbers)] as const;
  });
  return Object.fromEntries(entries);
}
