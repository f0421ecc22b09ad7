import type * as tf from '@tensorflow/tfjs-core';
import { useWasmKernels, wasmKernel } from './runtime';
import type { KernelContext } from './runtime';

// Tokens [B, N, D] with rows [B, D] for each sample. D is a multiple of 4: see `takesRows`.

/** Numbers that make up for waking a thread. */
const WORTH_SHARING = 1.5e4;

type RowFunction =
  | 'layerNormModulate'
  | 'layerNormModulatePullBack'
  | 'layerNormModulatePush'
  | 'gatedResidual'
  | 'gatedResidualPullBack'
  | 'gatedResidualPush'
  | 'sumRows';

/**
 * One of `rowsCode`, sample by sample, by several threads: so what is summed over the rows of a sample is summed in their
 * order. The rows of a single sample are divided too, unless they are summed.
 */
function computeRows(
  { ranges, share }: KernelContext,
  name: RowFunction,
  { shape: [batch = 1, tokens = 1, width = 1] }: tf.Tensor,
  addresses: { rows: readonly number[]; samples: readonly number[]; sums?: readonly number[] },
): void {
  const { rows, samples, sums = [] } = addresses;
  const apart = batch === 1 && sums.length === 0;
  const least = WORTH_SHARING / width;
  const parts = apart
    ? ranges(tokens, { least })
    : ranges(batch, { least: least / tokens }).map(
        ([start, count]) => [start * tokens, count * tokens] as const,
      );
  share(
    name,
    parts.map(([row, count]) => {
      const sample = apart ? 0 : row / tokens;
      return [
        ...rows.map((address) => address + 4 * row * width),
        ...[...samples, ...sums].map((address) => address + 4 * sample * width),
        ...[tokens, count, width],
      ];
    }),
  );
}

/** A new [B, D] of zeros, to sum into. */
function zeros({ functions, output }: KernelContext, { shape: [batch = 1, , width = 1] }: tf.Tensor): number {
  const address = output([batch, width]);
  functions.zero(address, batch * width);
  return address;
}

/** layerNorm(x) (1 + scale) + shift. */
export const wasmLayerNormModulate = wasmKernel<Record<'x' | 'shift' | 'scale', tf.Tensor>, object>(
  'layerNormModulate',
  (context, { x, shift, scale }) => {
    const { at, output } = context;
    const rows = [at(x), output(x.shape)];
    computeRows(context, 'layerNormModulate', x, { rows, samples: [at(shift), at(scale)] });
  },
);

/** Gradients of x, shift and scale. */
export const wasmLayerNormModulatePullBack = wasmKernel<
  Record<'x' | 'scale' | 'dy', tf.Tensor>,
  object,
  [tf.Tensor, tf.Tensor, tf.Tensor]
>('layerNormModulatePullBack', (context, { x, scale, dy }) => {
  const { at, output } = context;
  const rows = [at(x), at(dy), output(x.shape)];
  const sums = [zeros(context, x), zeros(context, x)];
  computeRows(context, 'layerNormModulatePullBack', x, { rows, samples: [at(scale)], sums });
});

/** Tangent in a direction of x, shift and scale. */
export const wasmLayerNormModulatePush = wasmKernel<
  Record<'x' | 'scale' | 'dx' | 'dShift' | 'dScale', tf.Tensor>,
  object
>('layerNormModulatePush', (context, { x, scale, dx, dShift, dScale }) => {
  const { at, output } = context;
  const rows = [at(x), at(dx), output(x.shape)];
  computeRows(context, 'layerNormModulatePush', x, { rows, samples: [at(scale), at(dShift), at(dScale)] });
});

/** x + gate branch. */
export const wasmGatedResidual = wasmKernel<Record<'x' | 'gate' | 'branch', tf.Tensor>, object>(
  'gatedResidual',
  (context, { x, gate, branch }) => {
    const { at, output } = context;
    const rows = [at(x), at(branch), output(x.shape)];
    computeRows(context, 'gatedResidual', x, { rows, samples: [at(gate)] });
  },
);

/** Gradients of branch and gate. */
export const wasmGatedResidualPullBack = wasmKernel<
  Record<'gate' | 'branch' | 'dy', tf.Tensor>,
  object,
  [tf.Tensor, tf.Tensor]
>('gatedResidualPullBack', (context, { gate, branch, dy }) => {
  const { at, output } = context;
  const rows = [at(branch), at(dy), output(branch.shape)];
  const sums = [zeros(context, branch)];
  computeRows(context, 'gatedResidualPullBack', branch, { rows, samples: [at(gate)], sums });
});

/** Tangent in a direction of x, gate and branch. */
export const wasmGatedResidualPush = wasmKernel<
  Record<'gate' | 'branch' | 'dx' | 'dGate' | 'dBranch', tf.Tensor>,
  object
>('gatedResidualPush', (context, { gate, branch, dx, dGate, dBranch }) => {
  const { at, output } = context;
  const rows = [at(branch), at(dx), at(dBranch), output(branch.shape)];
  computeRows(context, 'gatedResidualPush', branch, { rows, samples: [at(gate), at(dGate)] });
});

/** Sum over the tokens, [B, N, D] -> [B, D]. */
export const wasmSumOverTokens = wasmKernel<Record<'x', tf.Tensor>, object>(
  'sumOverTokens',
  (context, { x }) => {
    computeRows(context, 'sumRows', x, { rows: [context.at(x)], samples: [], sums: [zeros(context, x)] });
  },
);

/** Whether our own kernels take tokens: they work on four numbers of a row at a time. */
export function takesRows(x: tf.Tensor): boolean {
  return (x.shape.at(-1) ?? 1) % 4 === 0 && useWasmKernels();
}
