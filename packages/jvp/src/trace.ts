import * as tf from '@tensorflow/tfjs-core';
import { isTensor } from './containers';
import type { Level } from './level';
import { findRule } from './registry';
import type { JvpRule, KernelCall } from './rule';

// Every operation of tfjs ends in engine().runKernel. While a jvp is open, that method and disposeTensor are replaced
// on the engine instance: after each kernel, every visible level computes the tangents of the outputs.

/** A clone that the engine made inside a kernel call, to save a tensor for the backward pass. */
export interface SavedClone {
  readonly source: tf.Tensor;
  readonly clone: tf.Tensor;
}

/** Levels whose jvp has not returned yet. */
const open = new Set<Level>();
/**
 * Levels that see kernels now, outermost first. While the rule of a level runs, only the levels outside it do: its
 * own tangents must not be differentiated again at its own level, but are functions of the outer primals.
 */
let visible: readonly Level[] = [];
/** Clones made by the kernel call that is running; null when none is. Inside a kernel nothing is traced. */
let insideKernel: SavedClone[] | null = null;

type RunKernel = (
  name: string,
  inputs: tf.NamedTensorMap,
  attrs?: tf.NamedAttrMap,
) => tf.Tensor | tf.Tensor[];

/** Calls `f` with `level` as the innermost visible level; restores the engine whatever happens. */
export function withLevel<T>(level: Level, f: () => T): T {
  const outer = visible;
  const uninstall = open.size === 0 ? install() : null;
  open.add(level);
  visible = [...outer, level];
  try {
    return f();
  } finally {
    visible = outer;
    open.delete(level);
    uninstall?.();
  }
}

/** Calls `f`, whose operations no level sees: the inside of a primitive. */
export function withoutTracing<T>(f: () => T): T {
  const outer = visible;
  visible = [];
  try {
    return f();
  } finally {
    visible = outer;
  }
}

/**
 * Whether operations called now are differentiated: recorded on a reverse tape, or seen by an open `jvp`. Where they are
 * not, a rule of {@link definePrimitive} may use operations that have no derivatives.
 */
export function isDifferentiated(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return visible.length > 0 || (gradientDepth > 0 && kernelDepth === 0);
}

/** Whether tangents that a reverse tape records are computed now. */
export function seesDifferentiableTangent(): boolean {
  return visible.some((level) => level.differentiable);
}

/** Calls `f` with nothing in it recorded on the reverse tape. */
export function offTape<T>(f: () => T): T {
  const { state } = tf.engine();
  state.kernelDepth++; // the engine records an operation only at depth 0
  try {
    return f();
  } finally {
    state.kernelDepth--;
  }
}

/**
 * Calls `f` apart from the gradients that are being taken: nothing in it is recorded for them, while gradients that
 * it takes itself have tapes of their own.
 */
export function onOwnTape<T>(f: () => T): T {
  const { state } = tf.engine();
  const { activeTape, gradientDepth } = state;
  const shiftLevels = (by: number) => {
    for (const level of open) level.gradientDepth += by;
  };
  Object.assign(state, { activeTape: null, gradientDepth: 0 });
  shiftLevels(-gradientDepth);
  try {
    return f();
  } finally {
    Object.assign(state, { activeTape, gradientDepth });
    shiftLevels(gradientDepth);
  }
}

/**
 * The results of `f` as constants of both modes: nothing in it is recorded on the reverse tape or differentiated
 * forward. The stop-gradient that tfjs does not have.
 *
 * @param f Synchronous function. Its intermediate results are disposed.
 * @returns What f returns; the caller owns it.
 */
export function stopGradient<T>(f: () => T): T {
  return offTape(() =>
    withoutTracing(() => tf.tidy(f as unknown as () => tf.TensorContainer)),
  ) as unknown as T;
}

/** Replaces the engine's methods and returns the function that puts them back. */
function install(): () => void {
  const engine = tf.engine();
  const original = {
    runKernel: Object.getOwnPropertyDescriptor(engine, 'runKernel'),
    disposeTensor: Object.getOwnPropertyDescriptor(engine, 'disposeTensor'),
  };
  const runKernel = engine.runKernel.bind(engine) as RunKernel;
  const disposeTensor = engine.disposeTensor.bind(engine);
  const tracing: RunKernel = (name, inputs, attrs) => runTraced(runKernel, name, inputs, attrs ?? {});
  engine.runKernel = tracing as typeof engine.runKernel;
  engine.disposeTensor = (tensor) => {
    disposeTensor(tensor);
    for (const level of open) level.forget(tensor);
  };
  return () => {
    for (const method of ['runKernel', 'disposeTensor'] as const) {
      const descriptor = original[method];
      // Normally the method lives on the prototype; another tool may have put its own on the instance.
      if (descriptor === undefined) Reflect.deleteProperty(engine, method);
      else Object.defineProperty(engine, method, descriptor);
    }
  };
}

function runTraced(
  runKernel: RunKernel,
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
): tf.Tensor | tf.Tensor[] {
  if (insideKernel !== null) {
    const out = runKernel(name, inputs, attrs);
    const source = inputs['x'];
    if (name === tf.Identity && source !== undefined) insideKernel.push({ source, clone: out as tf.Tensor });
    return out;
  }
  if (visible.length === 0) return runKernel(name, inputs, attrs);
  const clones: SavedClone[] = [];
  const out = collectClones(clones, () => runKernel(name, inputs, attrs));
  pushForward(name, inputs, attrs, Array.isArray(out) ? out : [out], findRule(name));
  shareSaved(clones);
  return out;
}

/** Calls `f`, in which nothing is traced, and collects the clones that the engine makes to save tensors. */
export function collectClones<T>(clones: SavedClone[], f: () => T): T {
  const outer = insideKernel;
  insideKernel = clones;
  try {
    return f();
  } finally {
    insideKernel = outer;
  }
}

/**
 * Gives tensors saved for a backward pass the tangents of their sources, at those levels inside which the backward
 * pass will run (forward over reverse). Elsewhere the tangents would only live longer than their primals.
 */
export function shareSaved(clones: readonly SavedClone[]): void {
  const { gradientDepth } = tf.engine().state;
  for (const level of visible) {
    if (gradientDepth <= level.gradientDepth) continue;
    for (const { source, clone } of clones) level.share(clone, source);
  }
}

/**
 * Computes the tangents of a call's outputs at every visible level, outermost first: the rule of an inner level uses
 * the outputs, whose outer tangents must be there by then.
 *
 * @param rule The kernel's rule; undefined is an error if a tangent reaches it.
 */
export function pushForward(
  name: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attrs: tf.NamedAttrMap,
  outputs: readonly tf.Tensor[],
  rule: JvpRule | undefined,
): void {
  const [output] = outputs;
  if (output === undefined || !outputs.some(isDifferentiable)) return; // integers and booleans do not move
  const levels = visible;
  for (const [index, level] of levels.entries()) {
    const tangents = tangentsAt(level, inputs);
    if (tangents === null) continue;
    if (rule === undefined) {
      throw new Error(
        `jvp: the kernel ${name} has no forward-mode rule. Give it one with registerJvp('${name}', rule), or keep ` +
          'the differentiated inputs away from it.',
      );
    }
    visible = levels.slice(0, index);
    try {
      applyRule(level, rule, { inputs, tangents, attrs, output, outputs }, name);
    } finally {
      visible = levels;
    }
  }
}

function isDifferentiable(tensor: tf.Tensor): boolean {
  return tensor.dtype === 'float32' || tensor.dtype === 'complex64';
}

/** The tangents of a call's inputs at a level, or null if all are zero. */
function tangentsAt(
  level: Level,
  inputs: Readonly<Record<string, tf.Tensor>>,
): Record<string, tf.Tensor> | null {
  let tangents: Record<string, tf.Tensor> | null = null;
  for (const name of Object.keys(inputs)) {
    const input = inputs[name] as tf.Tensor | null | undefined; // an optional input may be null
    const tangent = input == null ? undefined : level.get(input);
    if (tangent !== undefined) (tangents ??= {})[name] = tangent;
  }
  return tangents;
}

function applyRule(level: Level, rule: JvpRule, call: KernelCall, name: string): void {
  const { state } = tf.engine();
  const depth = state.kernelDepth;
  if (level.differentiable && depth > level.kernelDepth && state.gradientDepth > 0) {
    throw new Error(
      `jvp: a differentiable tangent cannot pass ${name} inside a customGrad operation, whose inside the reverse ` +
        'tape does not see. Write the operation with definePrimitive, or without customGrad.',
    );
  }
  if (!level.differentiable) state.kernelDepth = depth + 1; // see offTape
  let results: readonly (tf.Tensor | null)[];
  try {
    const result = tf.tidy(() => rule(call) as tf.TensorContainer) as ReturnType<JvpRule>;
    results = result === null ? [] : isTensor(result) ? [result] : result;
    for (const [i, output] of call.outputs.entries()) {
      const tangent = results[i];
      if (tangent == null || !isDifferentiable(output)) continue;
      setTangent(level, call, output, tangent, name);
    }
  } finally {
    state.kernelDepth = depth;
  }
}

function setTangent(
  level: Level,
  call: KernelCall,
  output: tf.Tensor,
  tangent: tf.Tensor,
  name: string,
): void {
  if (!tf.util.arraysEqual(tangent.shape, output.shape)) {
    throw new Error(
      `jvp: the rule of ${name} must return a tangent of the output's shape [${output.shape.join(', ')}], got ` +
        `[${tangent.shape.join(', ')}].`,
    );
  }
  // A rule may return the very tangent that it was given, or a tensor that it borrows.
  const names = Object.keys(call.inputs);
  const passedOn = names.find((input) => call.tangents[input] === tangent);
  const source = passedOn === undefined ? undefined : call.inputs[passedOn];
  if (source !== undefined) level.share(output, source);
  else if (names.some((input) => call.inputs[input] === tangent) || call.outputs.includes(tangent)) {
    level.own(output, tf.clone(tangent));
  } else level.own(output, tangent);
}
