import type * as tf from '@tensorflow/tfjs-core';
import { CUBIC, LINEAR } from '../wasm/elementwiseCode';
import type { Program } from './program';
import { linearArguments, linearGroup, webgpuKernel } from './runtime';
import type { KernelContext } from './runtime';

// Activation functions, by the sigmoid: exp overflows to infinity where the sigmoid is 0, tanh gives NaN on some drivers.

/** WGSL of gelu and silu and of their derivatives, for `Value`. */
const activationCode = `
fn sigmoid(x: Value) -> Value { return 1.0 / (1.0 + exp(-x)); }
fn geluGate(x: Value) -> Value { return sigmoid(x * (${CUBIC} * x * x + ${LINEAR})); }
fn gelu(x: Value) -> Value { return x * geluGate(x); }
fn geluSlope(x: Value) -> Value {
  let s = geluGate(x);
  return s + x * s * (1.0 - s) * (${3 * CUBIC} * x * x + ${LINEAR});
}
fn silu(x: Value) -> Value { return x * sigmoid(x); }
fn siluSlope(x: Value) -> Value {
  let s = sigmoid(x);
  return s + x * s * (1.0 - s);
}`;

const elementwise = (
  name: string,
  reads: readonly string[],
  writes: readonly string[],
  line: string,
): ((wide: boolean) => Program) => {
  return (wide) => ({
    name,
    reads,
    writes,
    sizes: ['count'],
    wide,
    code: () => `${activationCode}
@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let i = (${linearGroup}) * 64u + thread;
  if (i < sizes.count) { ${line} }
}`,
  });
};

function overElements(
  { dispatch }: KernelContext,
  program: (wide: boolean) => Program,
  size: number,
  tensors: readonly tf.TensorInfo[],
): void {
  const wide = size % 4 === 0;
  const count = wide ? size / 4 : size;
  dispatch(program(wide), tensors, [count], [Math.ceil(count / 64)]);
}

const unary = (name: string) => {
  const value = elementwise(name, ['x'], ['y'], `y[i] = ${name}(x[i]);`);
  const slope = elementwise(`${name}PullBack`, ['x', 'd'], ['dx'], `dx[i] = d[i] * ${name}Slope(x[i]);`);
  return {
    value: webgpuKernel<{ x: tf.Tensor }, object>(name, (context, { x }) => {
      overElements(context, value, x.size, [x, context.output(x.shape)]);
    }),
    pullBack: webgpuKernel<Record<'x' | 'd', tf.Tensor>, object>(`${name}PullBack`, (context, { x, d }) => {
      overElements(context, slope, x.size, [x, d, context.output(x.shape)]);
    }),
  };
};

/** gelu(x), and d gelu'(x). */
export const { value: webgpuGelu, pullBack: webgpuGeluPullBack } = unary('gelu');

/** silu(x), and d silu'(x). */
export const { value: webgpuSilu, pullBack: webgpuSiluPullBack } = unary('silu');

const geluBothProgram = elementwise(
  'geluBoth',
  ['x', 'd'],
  ['y', 'dx'],
  'y[i] = gelu(x[i]); dx[i] = d[i] * geluSlope(x[i]);',
);

/** gelu(x) and d gelu'(x). */
export const webgpuGeluBoth = webgpuKernel<Record<'x' | 'd', tf.Tensor>, object, [tf.Tensor, tf.Tensor]>(
  'geluBoth',
  (context, { x, d }) => {
    const tensors = [x, d, context.output(x.shape), context.output(x.shape)];
    overElements(context, geluBothProgram, x.size, tensors);
  },
);
