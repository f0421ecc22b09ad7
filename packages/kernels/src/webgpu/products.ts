import type * as tf from '@tensorflow/tfjs-core';
import { computesOnCpu, subgroupLanes } from './adapter';
import type { GpuDevice } from './backend';
import type { Program } from './program';
import { directCode, lanesCode } from './productCode';
import { headSizes, productSizes } from './productForm';
import type { ProductForm } from './productForm';
import { tilesCode } from './productTiles';
import { webgpuKernel } from './runtime';
import type { KernelContext } from './runtime';

/** How a product brings its factors to its threads: see `productCode`. */
export type ProductPlan =
  | { kind: 'lanes'; lanes: 4 | 8; rows: number }
  | { kind: 'direct'; rows: number }
  | { kind: 'tiles'; edge: 32 | 64 };

/** The way that is fastest on a device, for c of [m, n]. */
export function planProduct(device: GpuDevice, m: number, n: number): ProductPlan {
  if (!computesOnCpu(device)) {
    const large = Math.ceil(m / 64) * Math.ceil(n / 64);
    return { kind: 'tiles', edge: m > 32 && n > 32 && large >= 64 ? 64 : 32 };
  }
  // No more than what there is to compute, for few rows.
  const rows = m >= 8 ? 8 : m > 2 ? 4 : m;
  const lanes = subgroupLanes(device);
  return lanes === null ? { kind: 'direct', rows } : { kind: 'lanes', lanes, rows };
}

function productProgram(form: ProductForm, plan: ProductPlan): Program {
  const type = (name: string, wide: boolean) => `${name}: ${wide ? 'vec4<f32>' : 'f32'}`;
  const flags = Object.values(form).map(Number).join('');
  return {
    name: form.heads ? 'headProduct' : 'product',
    variant: `${flags} ${Object.values(plan).join(' ')}`,
    ...(plan.kind === 'lanes' && { enables: ['subgroups'] }),
    reads: [
      type('a', form.wideA && plan.kind !== 'lanes'),
      type('b', form.wideB),
      ...(form.bias ? [type('bias', form.wideC)] : []),
    ],
    writes: [type('c', form.wideC)],
    sizes: form.heads ? [...productSizes, ...headSizes] : productSizes,
    wide: true,
    code: () => {
      if (plan.kind === 'lanes') return lanesCode(form, plan.rows, plan.lanes);
      return plan.kind === 'direct' ? directCode(form, plan.rows) : tilesCode(form, plan.edge);
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
  const best = planProduct(backend.device, m, n);
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
  ({ backend, dispatch, output }, { a, b, bias }, { transposeA, transposeB, plan: wanted }) => {
    const [aRows = 1, aColumns = 1] = a.shape;
    const [bRows = 1, bColumns = 1] = b.shape;
    const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const n = transposeB ? bRows : bColumns;
    const plan = wanted ?? planProduct(backend.device, m, n);
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
    const tensors = [a, b, ...(bias ? [bias] : []), output([m, n])];
    dispatch(productProgram(form, plan), tensors, [m, k, n], [groupsOf(plan, m, n)]);
  },
);
