import { normals, permutation, uniforms } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';

// Test material: for every kernel, functions that run it, over generated shapes and attributes.

/** Which numbers an input takes; chosen so that no kink lies within a finite difference. */
export type Domain = 'normal' | 'positive' | 'unit' | 'fraction' | 'aboveOne' | 'awayFromZero' | 'distinct';

/** One generated function of float32 tensors. */
export interface Sample {
  shapes: number[][];
  domains?: Domain[];
  f: (...inputs: tf.Tensor[]) => tf.Tensor;
}

/** How to reach a kernel. */
export interface Case {
  kernel: string;
  sample: fc.Arbitrary<Sample>;
  /** Why tfjs' own gradient is no reference here: on every backend, or on wasm. */
  noGradient?: { all?: string; wasm?: string };
  /** Why the kernel itself cannot be tested on wasm. */
  notOnWasm?: string;
  /** Why the kernel itself cannot be tested on tensorflow. */
  notOnTensorflow?: string;
}

/** Numbers of a domain for a shape, the same for the same seed. */
export function draw(shape: number[], domain: Domain, seed: number): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const key = { seed, purpose: 'test' };
  const n = normals(key, size);
  const u = uniforms({ ...key, purpose: 'unit' }, size);
  const order = permutation(key, size);
  const values: Record<Domain, (i: number) => number> = {
    normal: (i) => n[i] ?? 0,
    positive: (i) => 0.3 + 2 * (u[i] ?? 0),
    unit: (i) => 1.6 * (u[i] ?? 0) - 0.8,
    fraction: (i) => 0.2 + 0.6 * (u[i] ?? 0),
    aboveOne: (i) => 1.3 + 2 * (u[i] ?? 0),
    awayFromZero: (i) => Math.sign(n[i] ?? 0) * (0.25 + Math.abs(n[i] ?? 0)),
    distinct: (i) => 0.5 * ((order[i] ?? 0) - Math.floor(size / 2)) + 0.125,
  };
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => values[domain](i)),
    shape,
  );
}

const size = fc.integer({ min: 1, max: 4 });
const shapeOfRank = (min: number, max: number) => fc.array(size, { minLength: min, maxLength: max });
const anyShape = shapeOfRank(0, 4);
const flag = fc.boolean();

function unary(kernel: string, op: (x: tf.Tensor) => tf.Tensor, domain: Domain = 'normal'): Case {
  return { kernel, sample: anyShape.map((shape) => ({ shapes: [shape], domains: [domain], f: op })) };
}

/** Two shapes that broadcast together: ones and missing leading axes on either side. */
const broadcastPair = fc
  .tuple(shapeOfRank(1, 3), fc.infiniteStream(flag), fc.nat({ max: 2 }), flag)
  .map(([shape, ones, dropped, swap]) => {
    const other = shape
      .map((n) => (ones.next().value === true ? 1 : n))
      .slice(Math.min(dropped, shape.length - 1));
    return swap ? [other, shape] : [shape, other];
  });

function binary(
  kernel: string,
  op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  domain: Domain | [Domain, Domain] = 'normal',
): Case {
  const domains = Array.isArray(domain) ? domain : [domain, domain];
  const sample = broadcastPair.map((shapes) => ({
    shapes,
    domains,
    f: (a: tf.Tensor, b: tf.Tensor) => op(a, b),
  }));
  return { kernel, sample };
}

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** Two tensors of one shape. */
function sameShape(kernel: string, op: Binary): Case {
  return {
    kernel,
    sample: shapeOfRank(1, 3).map((shape) => ({
      shapes: [shape, shape],
      domains: ['distinct', 'distinct'],
      f: (a, b) => op(a, b),
    })),
  };
}

/** Moves b between the steps on which `distinct` numbers lie, so that no a comes near a b. */
const betweenSteps =
  (op: Binary): Binary =>
  (a, b) =>
    op(a, tf.add(b, 0.25));

const notReduced = { all: 'it does not sum over the axes that were broadcast' };

const shapeAndAxes = shapeOfRank(1, 4).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    axes: fc.subarray([...shape.keys()], { minLength: 1 }),
    keepDims: flag,
  }),
);

function reduction(
  kernel: string,
  op: (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor,
  domain: Domain = 'normal',
): Case {
  const sample = shapeAndAxes.map(({ shape, axes, keepDims }) => ({
    shapes: [shape],
    domains: [domain],
    f: (x: tf.Tensor) => op(x, axes, keepDims),
  }));
  return { kernel, sample };
}

const shapeAndAxis = shapeOfRank(1, 4).chain((shape) =>
  fc.record({ shape: fc.constant(shape), axis: fc.nat({ max: shape.length - 1 }) }),
);

/** Weighted sum of several outputs, so that each counts differently. */
function combine(outputs: tf.Tensor[]): tf.Tensor {
  return tf.concat(outputs.map((y, i) => tf.mul(tf.reshape(y, [-1]), i + 1)));
}

function fixed(kernel: string, samples: Sample[], extra: Partial<Case> = {}): Case {
  return { kernel, sample: fc.constantFrom(...samples), ...extra };
}

const image = (h: number, w: number, c: number) => [2, h, w, c];
const t4 = (x: tf.Tensor | undefined) => x as tf.Tensor4D;
const t5 = (x: tf.Tensor | undefined) => x as tf.Tensor5D;

const elementwise: Case[] = [
  unary('Abs', tf.abs, 'awayFromZero'),
  unary('Acos', tf.acos, 'unit'),
  unary('Acosh', tf.acosh, 'aboveOne'),
  unary('Asin', tf.asin, 'unit'),
  unary('Asinh', tf.asinh),
  unary('Atan', tf.atan),
  unary('Atanh', tf.atanh, 'unit'),
  unary('Ceil', tf.ceil, 'distinct'),
  unary('ClipByValue', (x) => tf.clipByValue(x, -1, 0.6), 'distinct'),
  unary('Cos', tf.cos),
  unary('Cosh', tf.cosh),
  unary('Elu', tf.elu, 'awayFromZero'),
  unary('Erf', tf.erf),
  unary('Exp', tf.exp),
  unary('Expm1', tf.expm1),
  unary('Floor', tf.floor, 'distinct'),
  unary('Identity', tf.clone),
  unary('LeakyRelu', (x) => tf.leakyRelu(x, 0.3), 'awayFromZero'),
  unary('Log', tf.log, 'positive'),
  unary('Log1p', tf.log1p, 'positive'),
  unary('Neg', tf.neg),
  unary('OnesLike', tf.onesLike),
  unary('Reciprocal', tf.reciprocal, 'awayFromZero'),
  unary('Relu', tf.relu, 'awayFromZero'),
  unary('Relu6', tf.relu6, 'distinct'),
  unary('Round', tf.round, 'distinct'),
  unary('Rsqrt', tf.rsqrt, 'positive'),
  unary('Selu', tf.selu, 'awayFromZero'),
  unary('Sigmoid', tf.sigmoid),
  unary('Sign', tf.sign, 'awayFromZero'),
  unary('Sin', tf.sin),
  unary('Sinh', tf.sinh),
  unary('Softplus', tf.softplus),
  unary('Sqrt', tf.sqrt, 'positive'),
  unary('Square', tf.square),
  unary('Step', (x) => tf.step(x, 0.5), 'awayFromZero'),
  unary('Tan', tf.tan, 'unit'),
  unary('Tanh', tf.tanh),
  unary('ZerosLike', tf.zerosLike),
];

const arithmetic: Case[] = [
  binary('Add', tf.add),
  binary('Sub', tf.sub),
  binary('Multiply', tf.mul),
  binary('RealDiv', tf.div, ['normal', 'awayFromZero']),
  binary('Atan2', tf.atan2, 'awayFromZero'),
  {
    ...binary('FloorDiv', (a, b) => tf.cast(tf.floorDiv(tf.neg(a), b), 'float32'), ['fraction', 'aboveOne']),
    noGradient: { all: 'it differentiates a / b, although floor(a / b) is piecewise constant' },
  },
  sameShape('Maximum', betweenSteps(tf.maximum)),
  { ...binary('Maximum', betweenSteps(tf.maximum), 'distinct'), noGradient: notReduced },
  sameShape('Minimum', betweenSteps(tf.minimum)),
  { ...binary('Minimum', betweenSteps(tf.minimum), 'distinct'), noGradient: notReduced },
  binary('Mod', (a, b) => tf.mod(tf.neg(a), b), ['fraction', 'aboveOne']),
  binary('Pow', tf.pow, ['positive', 'normal']),
  sameShape('SquaredDifference', tf.squaredDifference),
  { ...binary('SquaredDifference', tf.squaredDifference), noGradient: notReduced },
  {
    kernel: 'Prelu',
    sample: shapeOfRank(2, 3).map((shape) => ({
      shapes: [shape, shape.slice(-1)],
      domains: ['awayFromZero', 'normal'],
      f: (x, alpha) => tf.prelu(x, alpha),
    })),
  },
];

const cumsumSample = (axisOf: (shape: number[]) => number): fc.Arbitrary<Sample> =>
  fc.tuple(shapeOfRank(1, 4), flag, flag).map(([shape, exclusive, reverse]) => ({
    shapes: [shape],
    f: (x) => tf.cumsum(x, axisOf(shape), exclusive, reverse),
  }));

const reductions: Case[] = [
  reduction('Sum', tf.sum),
  reduction('Mean', tf.mean),
  reduction('Max', tf.max, 'distinct'),
  reduction('Min', tf.min, 'distinct'),
  reduction('Prod', tf.prod),
  { kernel: 'Cumsum', sample: cumsumSample((shape) => shape.length - 1) },
  {
    kernel: 'Cumsum',
    sample: cumsumSample(() => 0),
    noGradient: { all: 'it is transposed once too often when the axis is not the last' },
  },
  {
    kernel: 'Softmax',
    sample: shapeOfRank(1, 4).map((shape) => ({ shapes: [shape], f: (x) => tf.softmax(x) })),
  },
  {
    kernel: 'LogSoftmax',
    sample: shapeOfRank(1, 4).map((shape) => ({
      shapes: [shape],
      f: (x) => tf.engine().runKernel('LogSoftmax', { logits: x }, { axis: shape.length - 1 }),
    })),
  },
];

const listOf = (count: number, shape: number[]) => Array.from({ length: count }, () => shape);

const noSegmentSum = { wasm: 'the kernel UnsortedSegmentSum is missing' };

const shapes: Case[] = [
  {
    kernel: 'Reshape',
    sample: anyShape.map((shape) => ({ shapes: [shape], f: (x) => tf.reshape(x, [-1]) })),
  },
  {
    kernel: 'Transpose',
    sample: shapeOfRank(2, 4).chain((shape) =>
      fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }).map((perm) => ({
        shapes: [shape],
        f: (x) => tf.transpose(x, perm),
      })),
    ),
  },
  {
    kernel: 'ExpandDims',
    sample: shapeAndAxis.map(({ shape, axis }) => ({
      shapes: [shape],
      f: (x) => tf.expandDims(x, axis),
    })),
  },
  {
    kernel: 'Reverse',
    sample: shapeAndAxes.map(({ shape, axes }) => ({
      shapes: [shape],
      f: (x) => tf.reverse(x, axes),
    })),
  },
  {
    kernel: 'Tile',
    sample: shapeOfRank(1, 4).chain((shape) =>
      fc
        .array(fc.integer({ min: 1, max: 3 }), { minLength: shape.length, maxLength: shape.length })
        .map((reps) => ({
          shapes: [shape],
          f: (x) => tf.tile(x, reps),
        })),
    ),
  },
  {
    kernel: 'BroadcastTo',
    sample: shapeOfRank(1, 3).map((shape) => ({
      shapes: [[1, ...shape.slice(1)]],
      f: (x) => tf.engine().runKernel('BroadcastTo', { x: x }, { shape, inputShape: [1, ...shape.slice(1)] }),
    })),
  },
  {
    kernel: 'Slice',
    sample: shapeOfRank(1, 4).chain((shape) =>
      fc.tuple(...shape.map((n) => fc.nat({ max: n - 1 }))).map((begin) => ({
        shapes: [shape],
        f: (x) =>
          tf.slice(
            x,
            begin,
            shape.map((n, i) => n - (begin[i] ?? 0)),
          ),
      })),
    ),
  },
  {
    kernel: 'PadV2',
    sample: fc
      .tuple(shapeOfRank(1, 4), fc.nat({ max: 2 }), fc.nat({ max: 2 }))
      .map(([shape, before, after]) => ({
        shapes: [shape],
        f: (x) =>
          tf.pad(
            x,
            shape.map((): [number, number] => [before, after]),
            3,
          ),
      })),
  },
  {
    kernel: 'MirrorPad',
    noGradient: { all: 'it drops the mirrored rows, as if the padding were constant' },
    sample: fc
      .tuple(
        fc.array(fc.integer({ min: 3, max: 5 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('reflect' as const, 'symmetric' as const),
      )
      .map(([shape, mode]) => ({
        shapes: [shape],
        f: (x) =>
          tf.mirrorPad(
            x,
            shape.map((): [number, number] => [2, 1]),
            mode,
          ),
      })),
  },
  {
    kernel: 'Concat',
    sample: fc.tuple(shapeAndAxis, fc.integer({ min: 2, max: 3 })).map(([{ shape, axis }, count]) => ({
      shapes: listOf(count, shape),
      f: (...xs) => tf.concat(xs, axis),
    })),
  },
  {
    kernel: 'Pack',
    sample: fc.tuple(shapeAndAxis, fc.integer({ min: 2, max: 3 })).map(([{ shape, axis }, count]) => ({
      shapes: listOf(count, shape),
      f: (...xs) => tf.stack(xs, axis),
    })),
  },
  {
    kernel: 'AddN',
    sample: fc.tuple(anyShape, fc.integer({ min: 2, max: 4 })).map(([shape, count]) => ({
      shapes: listOf(count, shape),
      f: (...xs) => tf.addN(xs),
    })),
  },
  {
    kernel: 'SplitV',
    sample: shapeAndAxis.map(({ shape, axis }) => {
      const doubled = shape.map((n, i) => (i === axis ? n + 2 : n));
      return { shapes: [doubled], f: (x) => combine(tf.split(x, [2, shape[axis] ?? 0], axis)) };
    }),
  },
  {
    kernel: 'Unpack',
    // At least two: with a single output tfjs' own gradient throws.
    sample: shapeAndAxis.map(({ shape, axis }) => ({
      shapes: [shape.map((n, i) => (i === axis ? n + 1 : n))],
      f: (x) => combine(tf.unstack(x, axis)),
    })),
  },
  {
    kernel: 'Select',
    sample: anyShape.map((shape) => ({
      shapes: [shape, shape],
      f: (t, e) => tf.where(tf.cast(tf.greater(draw(shape, 'normal', 9), 0), 'bool'), t, e),
    })),
  },
  {
    kernel: 'Cast',
    sample: anyShape.map((shape) => ({
      shapes: [shape],
      f: (x) => tf.engine().runKernel('Cast', { x: x }, { dtype: 'float32' }),
    })),
  },
  {
    kernel: 'GatherV2',
    noGradient: noSegmentSum,
    sample: shapeAndAxis.map(({ shape, axis }) => {
      const last = (shape[axis] ?? 1) - 1;
      return {
        shapes: [shape],
        f: (x) => tf.gather(x, tf.tensor1d([last, 0, last], 'int32'), axis),
      };
    }),
  },
  fixed(
    'GatherV2',
    [
      {
        shapes: [[2, 3, 2]],
        f: (x) =>
          tf.gather(
            x,
            tf.tensor2d(
              [
                [2, 0],
                [1, 1],
              ],
              [2, 2],
              'int32',
            ),
            1,
            1,
          ),
      },
    ],
    { noGradient: noSegmentSum },
  ),
  fixed(
    'UnsortedSegmentSum',
    [
      {
        shapes: [[4, 3]],
        f: (x) => tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 1], 'int32'), 3),
      },
    ],
    { notOnWasm: noSegmentSum.wasm },
  ),
  fixed('BatchToSpaceND', [
    {
      shapes: [[4, 2, 2, 3]],
      f: (x) =>
        tf.batchToSpaceND(
          x,
          [2, 2],
          [
            [0, 1],
            [1, 0],
          ],
        ),
    },
  ]),
  fixed('SpaceToBatchND', [
    {
      shapes: [[2, 3, 3, 2]],
      f: (x) =>
        tf.spaceToBatchND(
          x,
          [2, 2],
          [
            [1, 0],
            [0, 1],
          ],
        ),
    },
  ]),
];

const pads = ['valid', 'same'] as const;

function convolutions(
  kernel: string,
  f: (x: tf.Tensor4D, filter: tf.Tensor4D, stride: number, pad: 'valid' | 'same' | number) => tf.Tensor,
  filter: number[],
  missingOnWasm: string,
): Case {
  return fixed(
    kernel,
    pads.flatMap((pad) =>
      [1, 2].map((stride) => ({
        shapes: [image(5, 4, 2), filter],
        f: (x?: tf.Tensor, w?: tf.Tensor) => f(t4(x), t4(w), stride, pad),
      })),
    ),
    { noGradient: { wasm: `the kernel ${missingOnWasm} is missing` } },
  );
}

const products: Case[] = [
  {
    kernel: 'BatchMatMul',
    sample: fc
      .tuple(shapeOfRank(0, 2), size, size, size, flag, flag)
      .map(([batch, m, k, n, transposeA, transposeB]) => ({
        shapes: [
          [...batch, ...(transposeA ? [k, m] : [m, k])],
          [...batch, ...(transposeB ? [n, k] : [k, n])],
        ],
        f: (a, b) => tf.matMul(a, b, transposeA, transposeB),
      })),
  },
  convolutions(
    'Conv2D',
    (x, w, stride, pad) => tf.conv2d(x, w, stride, pad),
    [3, 2, 2, 3],
    'Conv2DBackpropFilter',
  ),
  convolutions(
    'DepthwiseConv2dNative',
    (x, w, stride, pad) => tf.depthwiseConv2d(x, w, stride, pad),
    [2, 2, 2, 2],
    'DepthwiseConv2dNativeBackpropInput',
  ),
  fixed('Conv2D', [{ shapes: [image(5, 4, 2), [3, 2, 2, 3]], f: (x, w) => tf.conv2d(t4(x), t4(w), 2, 1) }], {
    notOnWasm: 'explicit padding reads memory out of bounds',
    notOnTensorflow: 'explicit padding is refused',
  }),
  fixed(
    'Conv2DBackpropInput',
    [
      {
        shapes: [image(3, 3, 3), [2, 2, 2, 3]],
        f: (dy, w) => tf.conv2dTranspose(t4(dy), t4(w), [2, 4, 4, 2], 1, 'valid'),
      },
      {
        shapes: [image(2, 2, 3), [2, 2, 2, 3]],
        f: (dy, w) => tf.conv2dTranspose(t4(dy), t4(w), [2, 4, 4, 2], 2, 'same'),
      },
    ],
    { noGradient: { wasm: 'the kernel Conv2DBackpropFilter is missing' } },
  ),
  fixed(
    'Conv3D',
    [
      {
        shapes: [
          [1, 3, 3, 3, 2],
          [2, 2, 2, 2, 2],
        ],
        f: (x, w) => tf.conv3d(t5(x), t5(w), 1, 'same'),
      },
      {
        shapes: [
          [1, 4, 3, 3, 1],
          [2, 2, 2, 1, 2],
        ],
        f: (x, w) => tf.conv3d(t5(x), t5(w), 2, 'valid'),
      },
    ],
    { noGradient: { wasm: 'Conv3DBackpropInputV2 and Conv3DBackpropFilterV2 give wrong values' } },
  ),
];

const overPadding = { all: 'it divides by the window, also where the forward pass left the padding out' };

const windows: Case[] = [
  fixed('AvgPool', [
    { shapes: [image(5, 4, 2)], f: (x) => tf.avgPool(t4(x), 2, 2, 'valid') },
    { shapes: [image(5, 5, 1)], f: (x) => tf.avgPool(t4(x), [3, 2], 1, 'valid') },
  ]),
  fixed('AvgPool', [{ shapes: [image(5, 5, 1)], f: (x) => tf.avgPool(t4(x), 3, 1, 'same') }], {
    noGradient: overPadding,
  }),
  fixed('AvgPool', [{ shapes: [image(5, 4, 2)], f: (x) => tf.avgPool(t4(x), 2, 2, 1) }], {
    noGradient: overPadding,
    notOnTensorflow: 'explicit padding is refused',
  }),
  fixed('AvgPool3D', [{ shapes: [[1, 4, 3, 3, 2]], f: (x) => tf.avgPool3d(t5(x), 2, 1, 'valid') }]),
  fixed('AvgPool3D', [{ shapes: [[1, 4, 3, 3, 2]], f: (x) => tf.avgPool3d(t5(x), 2, 1, 'same') }], {
    noGradient: overPadding,
  }),
  fixed(
    'MaxPool',
    [
      { shapes: [image(5, 4, 2)], domains: ['distinct'], f: (x) => tf.maxPool(t4(x), 2, 2, 'valid') },
      {
        shapes: [image(5, 5, 1)],
        domains: ['distinct'],
        f: (x) => tf.maxPool(t4(x), [3, 2], [1, 2], 'same'),
      },
    ],
    { noGradient: { wasm: 'MaxPoolGrad gives wrong values' } },
  ),
  fixed(
    'MaxPool',
    [{ shapes: [image(5, 4, 2)], domains: ['distinct'], f: (x) => tf.maxPool(t4(x), 2, 2, 1) }],
    {
      noGradient: { wasm: 'MaxPoolGrad gives wrong values' },
      notOnTensorflow: 'explicit padding is refused',
    },
  ),
  fixed('MaxPool3D', [
    { shapes: [[1, 4, 3, 3, 2]], domains: ['distinct'], f: (x) => tf.maxPool3d(t5(x), 2, 2, 'same') },
    { shapes: [[1, 4, 3, 3, 2]], domains: ['distinct'], f: (x) => tf.maxPool3d(t5(x), 2, 1, 'valid') },
  ]),
  fixed(
    'Dilation2D',
    [
      {
        shapes: [image(4, 4, 2), [2, 2, 2]],
        domains: ['distinct', 'unit'],
        f: (x, w) => tf.dilation2d(t4(x), w as tf.Tensor3D, 1, 'same'),
      },
      {
        shapes: [image(5, 5, 1), [2, 2, 1]],
        domains: ['distinct', 'unit'],
        f: (x, w) => tf.dilation2d(t4(x), w as tf.Tensor3D, 1, 'valid', [2, 2]),
      },
    ],
    { notOnWasm: 'its forward pass differs from every other backend' },
  ),
  fixed('ResizeBilinear', [
    { shapes: [image(4, 4, 2)], f: (x) => tf.image.resizeBilinear(t4(x), [6, 6], true) },
    { shapes: [image(3, 3, 2)], f: (x) => tf.image.resizeBilinear(t4(x), [6, 6], false) },
  ]),
  fixed(
    'ResizeBilinear',
    [{ shapes: [image(3, 4, 2)], f: (x) => tf.image.resizeBilinear(t4(x), [5, 2], true) }],
    {
      noGradient: { all: 'it exchanges height and width' },
    },
  ),
  fixed('ResizeNearestNeighbor', [
    { shapes: [[1, 3, 3, 1]], f: (x) => tf.image.resizeNearestNeighbor(t4(x), [6, 6], false) },
  ]),
  fixed(
    'ResizeNearestNeighbor',
    [
      { shapes: [image(3, 4, 2)], f: (x) => tf.image.resizeNearestNeighbor(t4(x), [6, 8], false) },
      { shapes: [image(3, 4, 2)], f: (x) => tf.image.resizeNearestNeighbor(t4(x), [5, 7], true) },
    ],
    { noGradient: { all: 'it mixes up axes unless the image is square and has one channel' } },
  ),
  fixed('LRN', [
    { shapes: [image(2, 2, 6)], f: (x) => tf.localResponseNormalization(t4(x), 2, 1.5, 0.7, 0.6) },
    { shapes: [image(1, 2, 3)], f: (x) => tf.localResponseNormalization(t4(x), 1, 1, 1, 0.5) },
  ]),
  {
    kernel: 'FusedBatchNorm',
    sample: fc.tuple(fc.array(size, { minLength: 3, maxLength: 3 }), size).map(([rest, channels]) => ({
      shapes: [[...rest, channels], [channels], [channels], [channels], [channels]],
      domains: ['normal', 'normal', 'positive', 'normal', 'normal'],
      f: (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale, 1e-2),
    })),
  },
];

/** Kernels that tfjs-core has no gradient for, but this package a rule: checked against finite differences. */
const beyond: Case[] = [
  fixed(
    'Einsum',
    [
      {
        shapes: [
          [2, 3, 4],
          [4, 5],
        ],
        f: (a, b) => tf.einsum('bij,jk->bki', a, b),
      },
    ],
    { notOnWasm: 'the kernel Einsum is missing' },
  ),
  fixed('StridedSlice', [{ shapes: [[5, 4]], f: (x) => tf.stridedSlice(x, [4, 0], [0, 4], [-2, 2]) }]),
  fixed('GatherNd', [
    {
      shapes: [[3, 4]],
      f: (x) =>
        tf.gatherND(
          x,
          tf.tensor2d(
            [
              [2, 1],
              [0, 3],
              [2, 1],
            ],
            [3, 2],
            'int32',
          ),
        ),
    },
  ]),
  fixed('ScatterNd', [
    {
      shapes: [[3, 2]],
      f: (x) => tf.scatterND(tf.tensor2d([[2], [0], [2]], [3, 1], 'int32'), x, [4, 2]),
    },
  ]),
  fixed('DepthToSpace', [{ shapes: [image(2, 2, 4)], f: (x) => tf.depthToSpace(t4(x), 2, 'NHWC') }]),
  fixed(
    'ComplexAbs',
    [
      {
        shapes: [
          [3, 2],
          [3, 2],
        ],
        domains: ['awayFromZero', 'normal'],
        f: (re, im) => tf.abs(tf.complex(re, im)),
      },
    ],
    {
      notOnWasm: 'the kernel ComplexAbs is missing',
      noGradient: { all: 'it takes |z| for the absolute value of a real number' },
    },
  ),
  fixed(
    'FFT',
    [
      {
        shapes: [
          [2, 4],
          [2, 4],
        ],
        f: (re, im) => {
          const spectrum = tf.fft(tf.complex(re, im));
          return tf.add(tf.real(spectrum), tf.mul(tf.imag(tf.ifft(tf.mul(spectrum, spectrum))), 0.3));
        },
      },
    ],
    { notOnWasm: 'the kernel FFT is missing' },
  ),
  ...(['linear', 'sigmoid', 'elu'] as const).map((activation) =>
    fixed('_FusedMatMul', [
      {
        shapes: [[3, 2], [2, 4], [4]],
        f: (a, b, bias) =>
          tf.fused.matMul({
            a: a,
            b: b,
            transposeA: false,
            transposeB: false,
            bias: bias,
            activation,
          }),
      },
    ]),
  ),
  fixed('FusedConv2D', [
    {
      shapes: [image(4, 4, 2), [3, 3, 2, 3], [3]],
      f: (x, filter, bias) =>
        tf.fused.conv2d({
          x: t4(x),
          filter: t4(filter),
          strides: 1,
          pad: 'same',
          bias: bias,
          activation: 'sigmoid',
        }),
    },
  ]),
  fixed('FusedDepthwiseConv2D', [
    {
      shapes: [image(4, 4, 2), [2, 2, 2, 1], [2]],
      f: (x, filter, bias) =>
        tf.fused.depthwiseConv2d({
          x: t4(x),
          filter: t4(filter),
          strides: 2,
          pad: 'valid',
          bias: bias,
          activation: 'sigmoid',
        }),
    },
  ]),
];

/** One or more cases for every kernel with a float output that tfjs-core differentiates. */
export const gradientCases: Case[] = [
  ...elementwise,
  ...arithmetic,
  ...reductions,
  ...shapes,
  ...products,
  ...windows,
];

/** Cases for the rules that go beyond tfjs-core's gradients. */
export const beyondCases: Case[] = beyond;
