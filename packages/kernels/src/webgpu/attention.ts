import type * as tf from '@tensorflow/tfjs-core';
import { computesOnCpu } from './adapter';
import { forwardCode, keyGradientCode, pushCode, queryGradientCode } from './attentionCode';
import type { AttentionPlan } from './attentionCode';
import { productAttention, productAttentionPullBack, productAttentionPush } from './attentionProducts';
import type { GpuDevice } from './backend';
import type { Program } from './program';
import { activeDevice, useWebgpuKernels, webgpuKernel } from './runtime';
import type { KernelContext } from './runtime';

/** Features of a head that fit into the registers of a thread. */
const MOST_FEATURES = 128;

/** Bytes of workgroup memory, so that several workgroups run side by side: what every device has. */
const MEMORY = 16384;

interface Attributes {
  heads: number;
  /** Another plan than the device's best: for comparisons. */
  plan?: AttentionPlan | undefined;
}

/**
 * Rows for the threads of a device, by `parts`, the number of tiles in workgroup memory.
 *
 * Two threads share a row where they can: half the registers of each, and twice the threads to wait for memory with. On
 * an H200 a gradient takes a third of the time then, a tangent half; with four or eight threads a row, longer again.
 */
function planAttention(device: GpuDevice, tokens: number, features: number, parts: number): AttentionPlan {
  const memory = Math.min(device.limits.maxComputeWorkgroupStorageSize, MEMORY);
  const fitting = 4 * Math.floor(memory / (4 * features * parts) / 4); // in blocks of four
  const lanes = device.features.has('subgroups') && features % 8 === 0 ? 2 : 1;
  // More rows would not be used more often.
  if (lanes === 1) return { lanes, threads: tokens > 32 ? 64 : 32, tile: Math.min(32, fitting) };
  return { lanes, threads: tokens > 32 ? 128 : tokens > 16 ? 64 : 32, tile: Math.min(16, fitting) };
}

interface Pass {
  name: string;
  reads: readonly string[];
  writes: readonly string[];
  /** Tiles in workgroup memory. */
  parts: number;
  code: (plan: AttentionPlan, quads: number) => string;
}

/** Runs a pass for every row of every head. */
function overRows(
  { backend, dispatch }: KernelContext,
  { name, reads, writes, parts, code }: Pass,
  tensors: readonly tf.TensorInfo[],
  { shape: [batch = 1, tokens = 1, packed = 1] }: tf.Tensor,
  { heads, plan: wanted }: Attributes,
): void {
  const features = packed / (3 * heads);
  const plan = wanted ?? planAttention(backend.device, tokens, features, parts);
  const program: Program = {
    name,
    variant: `${features} ${Object.values(plan).join(' ')}`,
    reads,
    writes,
    sizes: ['tokens', 'width', 'heads'],
    wide: true,
    ...(plan.lanes > 1 && { enables: ['subgroups'] }),
    code: () => code(plan, features / 4),
  };
  dispatch(
    program,
    tensors,
    [tokens, packed / 12, heads],
    [Math.ceil((tokens * plan.lanes) / plan.threads), heads, batch],
  );
}

const forwardPass: Pass = {
  name: 'attention',
  reads: ['qkv'],
  writes: ['y'],
  parts: 2,
  code: forwardCode,
};

/** softmax(s q k') v. */
export const tiledAttention = webgpuKernel<Record<'qkv', tf.Tensor>, Attributes>(
  'tiledAttention',
  (context, { qkv }, attributes) => {
    const [batch = 1, tokens = 1, packed = 1] = qkv.shape;
    overRows(context, forwardPass, [qkv, context.output([batch, tokens, packed / 3])], qkv, attributes);
  },
);

const pushPass: Pass = {
  name: 'attentionPush',
  reads: ['qkv', 'd'],
  writes: ['dy'],
  parts: 4,
  code: pushCode,
};

/** Tangent of the result in a direction d of q, k and v. */
export const tiledAttentionPush = webgpuKernel<Record<'qkv' | 'd', tf.Tensor>, Attributes>(
  'tiledAttentionPush',
  (context, { qkv, d }, attributes) => {
    const [batch = 1, tokens = 1, packed = 1] = qkv.shape;
    overRows(context, pushPass, [qkv, d, context.output([batch, tokens, packed / 3])], qkv, attributes);
  },
);

const queryPass: Pass = {
  name: 'attentionPullBackQueries',
  reads: ['qkv', 'dy'],
  writes: ['dqkv', 'statistics: vec2<f32>'],
  parts: 2,
  code: queryGradientCode,
};
const keyPass: Pass = {
  name: 'attentionPullBackKeys',
  reads: ['qkv', 'dy', 'statistics: vec2<f32>'],
  writes: ['dqkv'],
  parts: 2,
  code: keyGradientCode,
};

/** Gradient of q, k and v; see `attentionPrimitive` for the formulas. */
export const tiledAttentionPullBack = webgpuKernel<Record<'qkv' | 'dy', tf.Tensor>, Attributes>(
  'tiledAttentionPullBack',
  (context, { qkv, dy }, attributes) => {
    const [batch = 1, tokens = 1] = qkv.shape;
    const gradient = context.output(qkv.shape);
    const statistics = context.scratch(2 * batch * attributes.heads * tokens);
    overRows(context, queryPass, [qkv, dy, gradient, statistics], qkv, attributes);
    overRows(context, keyPass, [qkv, dy, statistics, gradient], qkv, attributes);
  },
);

/** The three passes of attention. */
export interface AttentionKernels {
  forward: typeof tiledAttention;
  pullBack: typeof tiledAttentionPullBack;
  push: typeof tiledAttentionPush;
}

const tiled: AttentionKernels = {
  forward: tiledAttention,
  pullBack: tiledAttentionPullBack,
  push: tiledAttentionPush,
};
const ofProducts: AttentionKernels = {
  forward: productAttention,
  pullBack: productAttentionPullBack,
  push: productAttentionPush,
};

/** Our kernels for queries, keys and values [B, N, 3 D], and what belongs to them; null where there are none. */
export function webgpuAttention(
  heads: number,
  qkv: tf.Tensor,
  ...others: readonly tf.Tensor[]
): AttentionKernels | null {
  if (!useWebgpuKernels(qkv, ...others)) return null;
  const [batch = 1, tokens = 1, packed = 0] = qkv.shape;
  const device = activeDevice();
  const { limits } = device;
  if (batch * heads > limits.maxComputeWorkgroupsPerDimension) return null;
  if (computesOnCpu(device)) {
    return 4 * batch * heads * tokens ** 2 <= limits.maxStorageBufferBindingSize ? ofProducts : null;
  }
  const features = packed / (3 * heads);
  const least = 4 * 4 * 4 * features; // bytes of four rows of each of four tiles
  const fits = features <= MOST_FEATURES && least <= limits.maxComputeWorkgroupStorageSize;
  return features % 4 === 0 && fits ? tiled : null;
}
