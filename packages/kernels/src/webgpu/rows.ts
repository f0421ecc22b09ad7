import type * as tf from '@tensorflow/tfjs-core';
import { computesOnCpu } from './adapter';
import type { GpuDevice } from './backend';
import type { Program } from './program';
import { linearArguments, linearGroup, useWebgpuKernels, webgpuKernel } from './runtime';
import type { KernelContext } from './runtime';
import { columnSums } from './sums';

// Tokens [B, N, D] with rows [B, D] for each sample. On a GPU a workgroup takes 4 tokens, each of 16 threads, which read
// neighbouring numbers; they meet once for each pair of sums. Where an adapter computes on the CPU each thread has a
// token of its own, for there a meeting takes longer than all the rest.

/** How tokens are shared out: tokens of a workgroup, and threads of a token. */
interface RowPlan {
  rows: number;
  lanes: number;
}

interface RowAttributes {
  /** Another plan than the device's best: for comparisons. */
  plan?: RowPlan;
}

const planRows = (device: GpuDevice): RowPlan =>
  computesOnCpu(device) ? { rows: 64, lanes: 1 } : { rows: 4, lanes: 16 };

interface Sizes {
  /** D is a multiple of 4. */
  wide: boolean;
  batch: number;
  tokens: number;
  /** B N. */
  rows: number;
  /** Values in a row: D / 4, or D. */
  columns: number;
}

function sizesOf({ shape: [batch = 1, tokens = 1, width = 1] }: tf.Tensor): Sizes {
  const wide = width % 4 === 0;
  return { wide, batch, tokens, rows: batch * tokens, columns: wide ? width / 4 : width };
}

/** What the programs over tokens share: `row`, its first value `start`, its sample's first value `perSample`. */
const rowStart = ({ rows, lanes }: RowPlan) => `
  let row = (${linearGroup}) * ${rows}u + thread / ${lanes}u;
  let lane = thread % ${lanes}u;
  let inside = row < sizes.rows;
  let start = row * sizes.columns;
  let perSample = (row / sizes.tokens) * sizes.columns;
  let end = select(0u, sizes.columns, inside);
  let width = f32(sizes.columns * LENGTH);`;

const eachColumn = ({ lanes }: RowPlan) => `for (var i = lane; i < end; i += ${lanes}u)`;

/** Mean and 1 / sigma of a row of `x`; variances of the lanes are joined as by Chan et al., without cancellation. */
const momentsCode = (plan: RowPlan) => `
${plan.lanes > 1 ? `var<workgroup> moments: array<vec3<f32>, ${plan.lanes * plan.rows}>;` : ''}
fn momentsOf(thread: u32, lane: u32, start: u32, end: u32, width: f32) -> vec2<f32> {
  var sum = Value(0.0);
  var count = 0u;
  ${eachColumn(plan)} { sum += x[start + i]; count += LENGTH; }
  let laneMean = total(sum) / f32(max(count, 1u));
  var squares = Value(0.0);
  ${eachColumn(plan)} { let centred = x[start + i] - laneMean; squares += centred * centred; }
  ${plan.lanes > 1 ? joinedMoments(plan) : 'let mean = laneMean; let variance = total(squares);'}
  return vec2<f32>(mean, inverseSqrt(variance / width + 1e-6));
}`;

const joinedMoments = ({ lanes }: RowPlan) => `
  moments[thread] = vec3<f32>(laneMean, total(squares), f32(count));
  workgroupBarrier();
  let first = thread - lane;
  var mean = 0.0;
  for (var n = 0u; n < ${lanes}u; n++) { mean += moments[first + n].x * moments[first + n].z; }
  mean /= width;
  var variance = 0.0;
  for (var n = 0u; n < ${lanes}u; n++) {
    let part = moments[first + n];
    variance += part.y + part.z * (part.x - mean) * (part.x - mean);
  }`;

/** Sums of two numbers over the lanes of a row. */
const pairCode = ({ rows, lanes }: RowPlan) =>
  lanes === 1
    ? 'fn sumOfLanes(thread: u32, lane: u32, mine: vec2<f32>) -> vec2<f32> { return mine; }'
    : `
var<workgroup> pairs: array<vec2<f32>, ${lanes * rows}>;
fn sumOfLanes(thread: u32, lane: u32, mine: vec2<f32>) -> vec2<f32> {
  pairs[thread] = mine;
  workgroupBarrier();
  var sum = vec2<f32>(0.0);
  for (var n = 0u; n < ${lanes}u; n++) { sum += pairs[thread - lane + n]; }
  return sum;
}`;

const main = (plan: RowPlan, body: string) => `
@compute @workgroup_size(${plan.lanes * plan.rows})
fn main(${linearArguments}) {${rowStart(plan)}
${body}
}`;

const SIZES = ['rows', 'tokens', 'columns'];

type RowProgram = (wide: boolean, plan: RowPlan) => Program;

const modulateProgram: RowProgram = (wide, plan) => ({
  name: 'layerNormModulate',
  reads: ['x', 'shift', 'scale'],
  writes: ['y'],
  sizes: SIZES,
  wide,
  variant: String(plan.lanes),
  code: () =>
    momentsCode(plan) +
    main(
      plan,
      `
  let m = momentsOf(thread, lane, start, end, width);
  ${eachColumn(plan)} {
    y[start + i] = (x[start + i] - m.x) * m.y * (scale[perSample + i] + 1.0) + shift[perSample + i];
  }`,
    ),
});

// J d = (d - mean(d) - x^ mean(d x^)) / sigma with d = dy (1 + scale).
const modulatePullBackProgram: RowProgram = (wide, plan) => ({
  name: 'layerNormModulatePullBack',
  reads: ['x', 'scale', 'dy'],
  writes: ['dx', 'rowMoments: vec2<f32>'],
  sizes: SIZES,
  wide,
  variant: String(plan.lanes),
  code: () =>
    momentsCode(plan) +
    pairCode(plan) +
    main(
      plan,
      `
  let m = momentsOf(thread, lane, start, end, width);
  if (inside && lane == 0u) { rowMoments[row] = m; }
  var sum = Value(0.0);
  var along = Value(0.0);
  ${eachColumn(plan)} {
    let d = dy[start + i] * (scale[perSample + i] + 1.0);
    sum += d;
    along += d * (x[start + i] - m.x);
  }
  let means = sumOfLanes(thread, lane, vec2<f32>(total(sum), total(along) * m.y)) / width;
  ${eachColumn(plan)} {
    let d = dy[start + i] * (scale[perSample + i] + 1.0);
    dx[start + i] = (d - means.x - (x[start + i] - m.x) * (m.y * means.y)) * m.y;
  }`,
    ),
});

// dy = J dx (1 + scale) + x^ dscale + dshift
const modulatePushProgram: RowProgram = (wide, plan) => ({
  name: 'layerNormModulatePush',
  reads: ['x', 'scale', 'dx', 'dShift', 'dScale'],
  writes: ['dy'],
  sizes: SIZES,
  wide,
  variant: String(plan.lanes),
  code: () =>
    momentsCode(plan) +
    pairCode(plan) +
    main(
      plan,
      `
  let m = momentsOf(thread, lane, start, end, width);
  var sum = Value(0.0);
  var along = Value(0.0);
  ${eachColumn(plan)} {
    let d = dx[start + i];
    sum += d;
    along += d * (x[start + i] - m.x);
  }
  let means = sumOfLanes(thread, lane, vec2<f32>(total(sum), total(along) * m.y)) / width;
  ${eachColumn(plan)} {
    let normalized = (x[start + i] - m.x) * m.y;
    let projected = (dx[start + i] - means.x - normalized * means.y) * m.y;
    let at = perSample + i;
    dy[start + i] = projected * (scale[at] + 1.0) + normalized * dScale[at] + dShift[at];
  }`,
    ),
});

/** Runs a program of rows. */
function overRows(
  { backend, dispatch }: KernelContext,
  program: RowProgram,
  tensors: readonly tf.TensorInfo[],
  { wide, rows, tokens, columns }: Sizes,
  { plan = planRows(backend.device) }: RowAttributes,
): void {
  dispatch(program(wide, plan), tensors, [rows, tokens, columns], [Math.ceil(rows / plan.rows)]);
}

/** layerNorm(x) (1 + scale) + shift. */
export const webgpuLayerNormModulate = webgpuKernel<
  Record<'x' | 'shift' | 'scale', tf.Tensor>,
  RowAttributes
>('layerNormModulate', (context, { x, shift, scale }, attributes) => {
  const tensors = [x, shift, scale, context.output(x.shape)];
  overRows(context, modulateProgram, tensors, sizesOf(x), attributes);
});

/** Gradients of x, shift and scale. */
export const webgpuLayerNormModulatePullBack = webgpuKernel<
  Record<'x' | 'scale' | 'dy', tf.Tensor>,
  RowAttributes,
  [tf.Tensor, tf.Tensor, tf.Tensor]
>('layerNormModulatePullBack', (context, { x, scale, dy }, attributes) => {
  const sizes = sizesOf(x);
  const [batch = 1, , width = 1] = x.shape;
  const dx = context.output(x.shape);
  const [dShift, dScale] = [context.output([batch, width]), context.output([batch, width])];
  const moments = context.scratch(2 * sizes.rows);
  overRows(context, modulatePullBackProgram, [x, scale, dy, dx, moments], sizes, attributes);
  columnSums(context, normSums, [x, dy, moments], [dShift, dScale], sizes);
});

/** Sums over the tokens of dy and of dy x^. */
const normSums = {
  name: 'layerNormModulateSums',
  reads: ['x', 'dy', 'rowMoments: vec2<f32>'],
  terms: ['dy[at]', 'dy[at] * (x[at] - rowMoments[row].x) * rowMoments[row].y'],
};

/** Tangent in a direction of x, shift and scale. */
export const webgpuLayerNormModulatePush = webgpuKernel<
  Record<'x' | 'scale' | 'dx' | 'dShift' | 'dScale', tf.Tensor>,
  RowAttributes
>('layerNormModulatePush', (context, { x, scale, dx, dShift, dScale }, attributes) => {
  const tensors = [x, scale, dx, dShift, dScale, context.output(x.shape)];
  overRows(context, modulatePushProgram, tensors, sizesOf(x), attributes);
});

/** One value of x for each thread: `at` in the tokens, `row` in the rows of samples. */
const eachValue = (body: string) => `
@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let at = (${linearGroup}) * 64u + thread;
  if (at >= sizes.rows * sizes.columns) { return; }
  let row = at / (sizes.tokens * sizes.columns) * sizes.columns + at % sizes.columns;
  ${body}
}`;

function overValues(
  { dispatch }: KernelContext,
  program: (wide: boolean) => Program,
  tensors: readonly tf.TensorInfo[],
  { wide, rows, tokens, columns }: Sizes,
): void {
  dispatch(program(wide), tensors, [rows, tokens, columns], [Math.ceil((rows * columns) / 64)]);
}

const gatedProgram = (wide: boolean): Program => ({
  name: 'gatedResidual',
  reads: ['x', 'gate', 'branch'],
  writes: ['y'],
  sizes: SIZES,
  wide,
  code: () => eachValue('y[at] = x[at] + gate[row] * branch[at];'),
});

const gatedPullBackProgram = (wide: boolean): Program => ({
  name: 'gatedResidualPullBack',
  reads: ['gate', 'dy'],
  writes: ['dBranch'],
  sizes: SIZES,
  wide,
  code: () => eachValue('dBranch[at] = gate[row] * dy[at];'),
});

const gatedPushProgram = (wide: boolean): Program => ({
  name: 'gatedResidualPush',
  reads: ['gate', 'branch', 'dx', 'dGate', 'dBranch'],
  writes: ['dy'],
  sizes: SIZES,
  wide,
  code: () => eachValue('dy[at] = dx[at] + dGate[row] * branch[at] + gate[row] * dBranch[at];'),
});

/** x + gate branch. */
export const webgpuGatedResidual = webgpuKernel<Record<'x' | 'gate' | 'branch', tf.Tensor>, object>(
  'gatedResidual',
  (context, { x, gate, branch }) => {
    overValues(context, gatedProgram, [x, gate, branch, context.output(x.shape)], sizesOf(x));
  },
);

/** Gradients of branch and gate. */
export const webgpuGatedResidualPullBack = webgpuKernel<
  Record<'gate' | 'branch' | 'dy', tf.Tensor>,
  object,
  [tf.Tensor, tf.Tensor]
>('gatedResidualPullBack', (context, { gate, branch, dy }) => {
  const sizes = sizesOf(branch);
  const [dBranch, dGate] = [context.output(branch.shape), context.output(gate.shape)];
  overValues(context, gatedPullBackProgram, [gate, dy, dBranch], sizes);
  columnSums(context, gateSums, [branch, dy], [dGate], sizes);
});

const gateSums = { name: 'gatedResidualSums', reads: ['branch', 'dy'], terms: ['branch[at] * dy[at]'] };

/** Tangent in a direction of x, gate and branch. */
export const webgpuGatedResidualPush = webgpuKernel<
  Record<'gate' | 'branch' | 'dx' | 'dGate' | 'dBranch', tf.Tensor>,
  object
>('gatedResidualPush', (context, { gate, branch, dx, dGate, dBranch }) => {
  const tensors = [gate, branch, dx, dGate, dBranch, context.output(branch.shape)];
  overValues(context, gatedPushProgram, tensors, sizesOf(branch));
});

/** Sum over the tokens, [B, N, D] -> [B, D]. */
export const webgpuSumOverTokens = webgpuKernel<Record<'x', tf.Tensor>, { groups?: number }>(
  'sumOverTokens',
  (context, { x }, { groups }) => {
    const [batch = 1, , width = 1] = x.shape;
    columnSums(context, plainSums, [x], [context.output([batch, width])], sizesOf(x), groups);
  },
);

const plainSums = { name: 'sumOverTokens', reads: ['x'], terms: ['x[at]'] };

/** Whether our own kernels take tokens [B, N, D] and what belongs to them. */
export function takesTokens(...tensors: readonly tf.Tensor[]): boolean {
  return (tensors[0]?.rank === 2 || (tensors[0]?.shape[0] ?? 0) <= 65535) && useWebgpuKernels(...tensors);
}
