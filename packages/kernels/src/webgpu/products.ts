import type * as tf from '@tensorflow/tfjs-core';
import { isHalfPrecision } from '../halfPrecision';
import { computesOnCpu, subgroupLanes } from './adapter';
import type { GpuDevice } from './backend';
import type { Program } from './program';
import { directCode, lanesCode } from './productCode';
import { headSizes, productSizes } from './productForm';
import type { ProductForm } from './productForm';
import { partSize, planTiles, tilesCode } from './productTiles';
import type { TileEdge } from './productTiles';
import { linearArguments, linearGroup, webgpuKernel } from './runtime';
import type { KernelContext } from './runtime';

/** How a product brings its factors to its threads: see `productCode`. */
export type ProductPlan =
  | { kind: 'lanes'; lanes: 4 | 8; rows: number }
  | { kind: 'direct'; rows: number }
  /** `written`: see `tilesCode`. A driver that computes on the CPU takes seconds for all that GPUs like written out. */
  | { kind: 'tiles'; edge: TileEdge; splits: number; written?: number; half?: boolean };

/** The way that is fastest on a device, for c of [m, n] and k inner numbers. */
export function planProduct(device: GpuDevice, m: number, k: number, n: number): ProductPlan {
  const isCpu = computesOnCpu(device);
  if (isHalfPrecision() && device.features.has('shader-f16'))
    return { kind: 'tiles', ...planTiles(m, k, n), half: true, ...(isCpu && { written: 2 }) };
  if (!isCpu) return { kind: 'tiles', ...planTiles(m, k, n) };
  // No more than what there is to compute, for few rows.
  const rows = m >= 8 ? 8 : m > 2 ? 4 : m;
  const lanes = subgroupLanes(device);
  return lanes === null ? { kind: 'direct', rows } : { kind: 'lanes', lanes, rows };
}

function productProgram(form: ProductForm, plan: ProductPlan): Program {
  const type = (name: string, wide: boolean) => `${name}: ${wide ? 'vec4<f32>' : 'f32'}`;
  const flags = Object.values(form).map(Number).join('');
  const shape =
    plan.kind === 'tiles'
      ? [plan.kind, plan.edge, plan.written ?? 'all', plan.half ?? false]
      : Object.values(plan);
  return {
    name: form.heads ? 'headProduct' : 'product',
    variant: `${flags} ${shape.join(' ')}`,
    ...(plan.kind === 'lanes' && { enables: ['subgroups'] }),
    ...(plan.kind === 'tiles' && plan.half === true && { enables: ['f16'] }),
    reads: [type('a', form.wideA), type('b', form.wideB), ...(form.bias ? [type('bias', form.wideC)] : [])],
    writes: [type('c', form.wideC)],
    sizes: [...productSizes, ...(form.heads ? headSizes : plan.kind === 'tiles' ? ['part'] : [])],
    wide: true,
    code: () => {
      if (plan.kind === 'lanes') return lanesCode(form, plan.rows, plan.lanes);
      return plan.kind === 'direct' ? directCode(form, plan.rows) : tilesCode(form, plan.edge, plan);
    },
  };
}

/** A matrix for each head of each sample, within one tensor; all in numbers. */
export interface HeadMatrices {
  tensor: tf.TensorInfo;
  /** From row to row, sample to sample, head to head, and to the first. */
  strides: readonly [row: number, sample: number, head: number, first: number];
  transposed?: boolean;
}

/**
 * c = a b, or c += a b, for every head of every sample: [m, k] times [k, n].
 *
 * Only where {@link computesOnCpu}: a GPU has attention without scores in memory.
 */
export function headProduct(
  { backend, dispatch }: KernelContext,
  [a, b, c]: readonly [HeadMatrices, HeadMatrices, HeadMatrices],
  [m, k, n]: readonly [number, number, number],
  { samples, heads, adds = false }: { samples: number; heads: number; adds?: boolean },
): void {
  const best = planProduct(backend.device, m, k, n);
  const plan: ProductPlan = best.kind === 'tiles' ? { kind: 'direct', rows: 8 } : best;
  const wide = ({ strides }: HeadMatrices) => strides.every((stride) => stride % 4 === 0);
  const [transposeA = false, transposeB = false] = [a.transposed, b.transposed];
  const form: ProductForm = {
    transposeA,
    transposeB,
    bias: false,
    wideA: wide(a) && (transposeA ? m : k) % 4 === 0,
    wideB: wide(b) && (transposeB ? k : n) % 4 === 0,
    wideC: wide(c) && n % 4 === 0,
    even: k % 4 === 0,
    heads: true,
    adds,
  };
  const sizes = [m, k, n, heads, ...[a, b, c].flatMap(({ strides }) => strides)];
  const tensors = [a, b, c].map(({ tensor }) => tensor);
  dispatch(productProgram(form, plan), tensors, sizes, [groupsOf(plan, m, n), 1, samples * heads]);
}

/** Workgroups for c of [m, n]. */
function groupsOf(plan: ProductPlan, m: number, n: number): number {
  const [rows, columns] =
    plan.kind === 'lanes'
      ? [plan.rows, 4 * plan.lanes]
      : plan.kind === 'direct'
        ? [8 * plan.rows, 32]
        : [plan.edge, plan.edge];
  return Math.ceil(m / rows) * Math.ceil(n / columns);
}

/** c = bias + the sum of its parts, one after the other. */
const sumOfParts = (wide: boolean, bias: boolean): Program => ({
  name: 'sumOfParts',
  variant: bias ? 'bias' : '',
  reads: ['parts', ...(bias ? ['bias'] : [])],
  writes: ['c'],
  sizes: ['count', 'splits', 'columns'],
  wide,
  code: () => `@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let i = (${linearGroup}) * 64u + thread;
  if (i >= sizes.count) { return; }
  var sum = ${bias ? 'bias[i % sizes.columns]' : 'Value(0.0)'};
  for (var part = 0u; part < sizes.splits; part++) { sum += parts[part * sizes.count + i]; }
  c[i] = sum;
}`,
});

/** By tiles, and the sum of the parts where there are several. */
function tileProduct(
  { dispatch, scratch }: KernelContext,
  form: ProductForm,
  plan: Extract<ProductPlan, { kind: 'tiles' }>,
  [a, b, ...bias]: readonly tf.TensorInfo[],
  c: tf.TensorInfo,
  [m, k, n]: readonly [number, number, number],
): void {
  const { edge, splits } = plan;
  const part = partSize(k, edge, splits);
  const parts = Math.ceil(k / part);
  const product = (bound: ProductForm, tensors: readonly tf.TensorInfo[]) => {
    dispatch(productProgram(bound, plan), tensors, [m, k, n, part], [groupsOf(plan, m, n), 1, parts]);
  };
  if (a === undefined || b === undefined) throw new Error('internal: a product of fewer than two factors.');
  if (parts === 1) {
    product(form, [a, b, ...bias, c]);
    return;
  }
  const partial = scratch(parts * m * n);
  product({ ...form, bias: false }, [a, b, partial]);
  const [count, columns] = form.wideC ? [(m * n) / 4, n / 4] : [m * n, n];
  const program = sumOfParts(form.wideC, form.bias);
  dispatch(program, [partial, ...bias, c], [count, parts, columns], [Math.ceil(count / 64)]);
}

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no NamedTensorMap
type Factors = { a: tf.Tensor; b: tf.Tensor; bias?: tf.Tensor };

interface ProductAttributes {
  transposeA: boolean;
  transposeB: boolean;
  /** Another plan than the device's best: for comparisons. */
  plan?: ProductPlan;
}

/** a b + bias for matrices, either factor transposed on request. */
export const webgpuProduct = webgpuKernel<Factors, ProductAttributes>(
  'product',
  (context, { a, b, bias }, { transposeA, transposeB, plan: wanted }) => {
    const [aRows = 1, aColumns = 1] = a.shape;
    const [bRows = 1, bColumns = 1] = b.shape;
    const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const n = transposeB ? bRows : bColumns;
    const plan = wanted ?? planProduct(context.backend.device, m, k, n);
    const form: ProductForm = {
      transposeA,
      transposeB,
      bias: bias !== undefined,
      wideA: aColumns % 4 === 0,
      wideB: bColumns % 4 === 0,
      wideC: n % 4 === 0,
      even: k % 4 === 0,
      heads: false,
      adds: false,
    };
    const given = [a, b, ...(bias ? [bias] : [])];
    const c = context.output([m, n]);
    if (plan.kind === 'tiles') {
      tileProduct(context, form, plan, given, c, [m, k, n]);
      return;
    }
    context.dispatch(productProgram(form, plan), [...given, c], [m, k, n], [groupsOf(plan, m, n)]);
  },
);
