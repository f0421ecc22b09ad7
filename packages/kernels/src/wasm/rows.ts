import type * as tf from '@tensorflow/tfjs-core';
import { useWasmKernels, wasmKernel } from './runtime';
import type { KernelContext } from './runtime';

// Tokens [B, N, D] with rows [B, D] for each sample. D is a multiple of 4: see `takesRows`.

/** N, B N and D. */
function sizes({ shape: [batch = 1, tokens = 1, width = 1] }: tf.Tensor): [number, number, number] {
  return [tokens, batch * tokens, width];
}

/** A new [B, D] of zeros, to sum into. */
function sums({ functions, output }: KernelContext, { shape: [batch = 1, , width = 1] }: tf.Tensor): number {
  const address = output([batch, width]);
  functions.zero(address, batch * width);
  return address;
}

/** layerNorm(x) (1 + scale) + shift. */
export const wasmLayerNormModulate = wasmKernel<Record<'x' | 'shift' | 'scale', tf.Tensor>, object>(
  'layerNormModulate',
  ({ functions, at, output }, { x, shift, scale }) => {
    functions.layerNormModulate(at(x), output(x.shape), at(shift), at(scale), ...sizes(x));
  },
);

/** Gradients of x, shift and scale. */
export const wasmLayerNormModulatePullBack = wasmKernel<
  Record<'x' | 'scale' | 'dy', tf.Tensor>,
  object,
  [tf.Tensor, tf.Tensor, tf.Tensor]
>('layerNormModulatePullBack', (context, { x, scale, dy }) => {
  const { functions, at, output } = context;
  const dx = output(x.shape);
  const [dShift, dScale] = [sums(context, x), sums(context, x)];
  functions.layerNormModulatePullBack(at(x), at(dy), dx, at(scale), dShift, dScale, ...sizes(x));
});

/** Tangent in a direction of x, shift and scale. */
export const wasmLayerNormModulatePush = wasmKernel<
  Record<'x' | 'scale' | 'dx' | 'dShift' | 'dScale', tf.Tensor>,
  object
>('layerNormModulatePush', ({ functions, at, output }, { x, scale, dx, dShift, dScale }) => {
  const rows = [at(scale), at(dShift), at(dScale)] as const;
  functions.layerNormModulatePush(at(x), at(dx), output(x.shape), ...rows, ...sizes(x));
});

/** x + gate branch. */
export const wasmGatedResidual = wasmKernel<Record<'x' | 'gate' | 'branch', tf.Tensor>, object>(
  'gatedResidual',
  ({ functions, at, output }, { x, gate, branch }) => {
    functions.gatedResidual(at(x), at(branch), output(x.shape), at(gate), ...sizes(x));
  },
);

/** Gradients of branch and gate. */
export const wasmGatedResidualPullBack = wasmKernel<
  Record<'gate' | 'branch' | 'dy', tf.Tensor>,
  object,
  [tf.Tensor, tf.Tensor]
>('gatedResidualPullBack', (context, { gate, branch, dy }) => {
  const { functions, at, output } = context;
  const dBranch = output(branch.shape);
  const dGate = sums(context, branch);
  functions.gatedResidualPullBack(at(branch), at(dy), dBranch, at(gate), dGate, ...sizes(branch));
});

/** Tangent in a direction of x, gate and branch. */
export const wasmGatedResidualPush = wasmKernel<
  Record<'gate' | 'branch' | 'dx' | 'dGate' | 'dBranch', tf.Tensor>,
  object
>('gatedResidualPush', ({ functions, at, output }, { gate, branch, dx, dGate, dBranch }) => {
  const tensors = [at(branch), at(dx), at(dBranch), output(branch.shape)] as const;
  functions.gatedResidualPush(...tensors, at(gate), at(dGate), ...sizes(branch));
});

/** Sum over the tokens, [B, N, D] -> [B, D]. */
export const wasmSumOverTokens = wasmKernel<Record<'x', tf.Tensor>, object>(
  'sumOverTokens',
  (context, { x }) => {
    context.functions.sumRows(context.at(x), sums(context, x), ...sizes(x));
  },
);

/** Whether our own kernels take tokens: they work on four numbers of a row at a time. */
export function takesRows(x: tf.Tensor): boolean {
  return (x.shape.at(-1) ?? 1) % 4 === 0 && useWasmKernels();
}
