import * as tf from '@tensorflow/tfjs-core';
import type { AdamNumbers, AdamSlot } from '../applyAdam';
import type { WebgpuBackend } from './backend';
import type { Program } from './program';
import { linearArguments, linearGroup, useWebgpuKernels, webgpuKernel } from './runtime';

// Adam writes the new numbers over the old ones: one program for each weight, and no new memory.

/** The order of the packed numbers; decay and clip may be missing. */
const order = [
  'beta1', 'beta1Rest', 'beta2', 'beta2Rest', 'epsilon', 'stepSize', 'correction2',
  'emaDecay', 'emaRest', 'decay', 'clip',
] as const; // prettier-ignore

/** What a missing number is, so that it changes nothing. */
const neutral: Readonly<Record<string, string>> = { decay: '0.0', clip: '1.0' };

/** Scalars that one program takes: a stage binds at most 8 buffers by default. */
const AT_ONCE = 7;

function packProgram(names: readonly (typeof order)[number][], given: readonly string[]): Program {
  const value = (name: string) => (given.includes(name) ? `${name}[0]` : (neutral[name] ?? '0.0'));
  return {
    name: 'adamNumbers',
    variant: [names[0], ...given].join(),
    reads: given,
    writes: ['numbers'],
    sizes: ['first'],
    wide: false,
    code: () => `@compute @workgroup_size(1)
fn main() {
${names.map((name, i) => `numbers[sizes.first + ${i}u] = ${value(name)};`).join('\n')}
}`,
  };
}

/** The numbers of an update, one after the other in one tensor. */
const packAdamNumbers = webgpuKernel<tf.NamedTensorMap, object>(
  'adamNumbers',
  ({ dispatch, output }, inputs) => {
    const packed = output([order.length]);
    for (let first = 0; first < order.length; first += AT_ONCE) {
      const names = order.slice(first, first + AT_ONCE);
      const given = names.filter((name) => inputs[name] !== undefined);
      const scalars = given.flatMap((name) => inputs[name] ?? []);
      dispatch(packProgram(names, given), [...scalars, packed], [first], [1]);
    }
  },
);

const adamProgram = (wide: boolean): Program => ({
  name: 'adam',
  reads: ['gradient', 'numbers: f32'],
  writes: ['weight', 'm', 'v', 'ema'],
  sizes: ['count'],
  wide,
  code: () => `
${order.map((name, i) => `fn ${name}() -> f32 { return numbers[${i}]; }`).join('\n')}
@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let i = (${linearGroup}) * 64u + thread;
  if (i >= sizes.count) { return; }
  let g = gradient[i] * clip();
  let mNew = m[i] * beta1() + g * beta1Rest();
  let vNew = v[i] * beta2() + g * g * beta2Rest();
  let old = weight[i];
  let step = mNew * stepSize() / (sqrt(vNew * correction2()) + epsilon());
  let new_ = old + (step + old * decay());
  m[i] = mNew;
  v[i] = vNew;
  weight[i] = new_;
  ema[i] = ema[i] * emaDecay() + new_ * emaRest();
}`,
});

type Inputs = Record<keyof AdamSlot | 'numbers', tf.Tensor>;

const adamKernel = webgpuKernel<Inputs, object, []>(
  'adam',
  ({ backend, dispatch }, { weight, m, v, ema, gradient, numbers }) => {
    const wide = weight.size % 4 === 0;
    const count = wide ? weight.size / 4 : weight.size;
    const changed = [weight, m, v, ema];
    dispatch(adamProgram(wide), [gradient, numbers, ...changed], [count], [Math.ceil(count / 64)]);
    for (const { dataId } of changed) forgetHostCopy(backend, dataId);
  },
);

/**
 * Drops what the backend has read of a tensor, and makes it keep nothing any more: a read that is under way would put old
 * numbers there.
 */
function forgetHostCopy({ tensorMap }: WebgpuBackend, dataId: object): void {
  const forgetful: PropertyDescriptor = { get: () => null, set: () => undefined, configurable: true };
  Object.defineProperty(tensorMap.get(dataId), 'values', forgetful);
}

const copyProgram: Program = {
  name: 'copy',
  reads: ['x'],
  writes: ['y'],
  sizes: ['count'],
  wide: false,
  code: () => `@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let i = (${linearGroup}) * 64u + thread;
  if (i < sizes.count) { y[i] = x[i]; }
}`,
};

const copy = webgpuKernel<{ x: tf.Tensor }, object>('copy', ({ dispatch, output }, { x }) => {
  dispatch(copyProgram, [x, output(x.shape)], [x.size], [Math.ceil(x.size / 64)]);
});

/** Gives a variable numbers of its own where it shares them, with a clone or the tensor that it was made of. */
function ownNumbers(variable: tf.Variable): void {
  const backend = tf.backend() as unknown as WebgpuBackend;
  const { dtype, external = false } = backend.tensorMap.get(variable.dataId);
  if (backend.refCount(variable.dataId) === 1 && dtype === 'float32' && !external) return;
  tf.tidy(() => {
    variable.assign(copy({ x: variable }, {})[0]);
  });
}

/** Whether {@link webgpuAdam} takes a slot. */
export function takesAdam({ weight, gradient }: AdamSlot): boolean {
  return useWebgpuKernels(weight, gradient);
}

/** Updates a slot in place: see `applyAdam`. Its numbers come from {@link packedNumbers}. */
export function webgpuAdam(slot: AdamSlot, numbers: tf.Tensor): void {
  for (const variable of [slot.weight, slot.m, slot.v, slot.ema]) ownNumbers(variable);
  adamKernel({ ...slot, numbers }, {});
}

/** The numbers in one tensor if the backend is webgpu, else null; the caller owns it. */
export function packedNumbers(numbers: AdamNumbers): tf.Tensor | null {
  return useWebgpuKernels() ? packAdamNumbers({ ...numbers }, {})[0] : null;
}
