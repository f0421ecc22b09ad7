import * as tf from '@tensorflow/tfjs-core';
import type { AdamNumbers, AdamSlot } from '../applyAdam';
import type { WebgpuBackend } from './backend';
import { count } from './codeText';
import { ends, endsOf, inLists, manyMain, storageBuffers, THREADS } from './manyTensors';
import type { Program } from './program';
import { activeDevice, linearArguments, linearGroup, useWebgpuKernels, webgpuKernel } from './runtime';

// Adam writes the new numbers over the old ones, with no new memory: one dispatch for as many weights as the device lets a
// shader bind buffers, since a dispatch takes a GPU longer than the numbers of a small weight.

/** The order of the packed numbers; decay and clip may be missing. */
const order = [
  'beta1', 'beta1Rest', 'beta2', 'beta2Rest', 'epsilon', 'stepSize', 'correction2',
  'emaDecay', 'emaRest', 'decay', 'clip',
] as const; // prettier-ignore

/** What a missing number is, so that it changes nothing. */
const neutral: Readonly<Record<string, string>> = { decay: '0.0', clip: '1.0' };

/** Weights of one dispatch, at most, so that shaders stay small. */
const MOST_SLOTS = 8;

/** Buffers of a slot: its gradient and four variables. */
const SLOT_BUFFERS = 5;

function packProgram(names: readonly (typeof order)[number][], given: readonly string[]): Program {
  const value = (name: string) => (given.includes(name) ? `${name}[0]` : (neutral[name] ?? '0.0'));
  return {
    name: 'adamNumbers',
    variant: `${names.join()} of ${given.join()}`,
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
const packAdamNumbers = webgpuKernel<tf.NamedTensorMap, { buffers: number }>(
  'adamNumbers',
  ({ dispatch, output }, inputs, { buffers }) => {
    const packed = output([order.length]);
    const atOnce = buffers - 1;
    for (let first = 0; first < order.length; first += atOnce) {
      const names = order.slice(first, first + atOnce);
      const given = names.filter((name) => inputs[name] !== undefined);
      const scalars = given.flatMap((name) => inputs[name] ?? []);
      dispatch(packProgram(names, given), [...scalars, packed], [first], [1]);
    }
  },
);

const adamProgram = (slots: number, wide: boolean): Program => ({
  name: 'adam',
  variant: String(slots),
  reads: [...count(slots).map((s) => `gradient${s}`), 'numbers: f32'],
  writes: count(slots).flatMap((s) => [`weight${s}`, `m${s}`, `v${s}`, `ema${s}`]),
  sizes: [...ends(slots), ...count(slots).map((s) => `count${s}`)],
  wide,
  code: () => `
${order.map((name, i) => `fn ${name}() -> f32 { return numbers[${i}]; }`).join('\n')}
${manyMain(
  slots,
  (s) => `if (mine >= sizes.count${s}) { return; }
    let g = gradient${s}[mine] * clip();
    let mNew = m${s}[mine] * beta1() + g * beta1Rest();
    let vNew = v${s}[mine] * beta2() + g * g * beta2Rest();
    let old = weight${s}[mine];
    let step = mNew * stepSize() / (sqrt(vNew * correction2()) + epsilon());
    let new_ = old + (step + old * decay());
    m${s}[mine] = mNew;
    v${s}[mine] = vNew;
    weight${s}[mine] = new_;
    ema${s}[mine] = ema${s}[mine] * emaDecay() + new_ * emaRest();`,
)}`,
});

/** One dispatch. Its inputs are what the program binds, in that order. */
const adamKernel = webgpuKernel<tf.NamedTensorMap, { slots: number }, []>(
  'adam',
  ({ backend, dispatch }, inputs, { slots }) => {
    const tensors = Object.values(inputs);
    const gradients = tensors.slice(0, slots);
    const wide = isWide(gradients[0]);
    const counts = gradients.map(({ size }) => (wide ? size / 4 : size));
    const last = endsOf(counts.map((n) => Math.ceil(n / THREADS)));
    dispatch(adamProgram(slots, wide), tensors, [...last, ...counts], [last.at(-1) ?? 0]);
    for (const { dataId } of tensors.slice(slots + 1)) forgetHostCopy(backend, dataId);
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

const variablesOf = ({ weight, m, v, ema }: AdamSlot) => [weight, m, v, ema];
const isWide = (tensor?: tf.Tensor) => (tensor?.size ?? 0) % 4 === 0;

/** Whether one of two slots writes what the other one reads or writes: a dispatch may bind no such buffer twice. */
function meets(a: AdamSlot, b: AdamSlot): boolean {
  const [ofA, ofB] = [a, b].map((slot) => new Set(variablesOf(slot).map(({ dataId }) => dataId)));
  const readsOf = (slot: AdamSlot) => [slot.gradient, ...variablesOf(slot)];
  const touches = (slot: AdamSlot, written?: Set<object>) =>
    readsOf(slot).some(({ dataId }) => written?.has(dataId));
  return touches(a, ofB) || touches(b, ofA);
}

/**
 * Updates slots in place: see `applyAdam`. Slots that share numbers are updated in their order.
 *
 * @param buffers How many a shader may bind, as many as the device allows by default: for comparisons.
 */
export function webgpuAdam(
  slots: readonly AdamSlot[],
  numbers: AdamNumbers,
  buffers = storageBuffers(activeDevice()),
): void {
  // All of them first, so that slots whose variables shared numbers until now need not wait for each other.
  for (const variable of slots.flatMap(variablesOf)) ownNumbers(variable);
  const atOnce = Math.min(Math.max(Math.floor((buffers - 1) / SLOT_BUFFERS), 1), MOST_SLOTS);
  tf.tidy(() => {
    const [packed] = packAdamNumbers({ ...numbers }, { buffers });
    // What shares numbers has as many of them, so that it is of one kind.
    for (const wide of [true, false]) {
      const kind = slots.filter(({ weight }) => isWide(weight) === wide);
      for (const list of inLists(kind, atOnce, meets)) {
        const gradients = list.map(({ gradient }) => gradient);
        const tensors: tf.Tensor[] = [...gradients, packed, ...list.flatMap(variablesOf)];
        adamKernel(Object.fromEntries(tensors.entries()), { slots: list.length });
      }
    }
  });
}
