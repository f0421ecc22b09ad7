import { randomFix } from '../recording/tracker';
import type { Constant, RecordedOp, Recording, Source } from './recording';

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, i) => size === b[i]);

function sameConstant(a: Constant, b: Constant): boolean {
  return (
    a === b || (a.dtype === b.dtype && sameShape(a.shape, b.shape) && Buffer.compare(a.bytes, b.bytes) === 0)
  );
}

/** How the sources of a value differ, or null. */
function sourceDifference(a: Source, b: Source): string | null {
  if (a.kind === 'constant' && b.kind === 'constant') {
    if (!sameShape(a.constant.shape, b.constant.shape))
      return `a constant of shape [${a.constant.shape.join(', ')}] has the shape [${b.constant.shape.join(', ')}]`;
    return sameConstant(a.constant, b.constant) ? null : 'a constant has another value';
  }
  const same =
    a.kind === b.kind &&
    (a.kind !== 'op' || (b.kind === 'op' && a.op === b.op && a.output === b.output)) &&
    (a.kind !== 'argument' || (b.kind === 'argument' && a.index === b.index)) &&
    (a.kind !== 'variable' || (b.kind === 'variable' && a.variable === b.variable));
  return same ? null : 'an input comes from elsewhere';
}

function opDifference(a: RecordedOp, b: RecordedOp): string | null {
  if (a.op !== b.op || a.inputs.length !== b.inputs.length || a.outputs.length !== b.outputs.length)
    return `where the first one went on with ${a.op}`;
  for (const [i, source] of a.inputs.entries()) {
    const other = b.inputs[i];
    const difference = other && sourceDifference(source, other);
    if (difference != null) return `where ${difference}`;
  }
  if (JSON.stringify(a.attrs) !== JSON.stringify(b.attrs))
    return 'with other attributes than in the first call';
  for (const [i, { shape }] of a.outputs.entries()) {
    const other = b.outputs[i]?.shape ?? [];
    if (!sameShape(shape, other))
      return `whose result has the shape [${other.join(', ')}] after [${shape.join(', ')}] in the first call`;
  }
  return null;
}

const valueFix = `It would be frozen. ${randomFix}, as everything that changes from call to call`;

/**
 * Compares two recordings of one function: what differs is no part of the function but of the moment, and would freeze.
 *
 * @throws Error that names the operation and the place of the first difference.
 */
export function assertSameRecording(name: string, first: Recording, second: Recording): void {
  const fail = (what: string): never => {
    throw new Error(
      `compile: ${name} must do the same in every call, but in the second one ${what}. ${valueFix}.`,
    );
  };
  for (const [i, op] of second.ops.entries()) {
    const before = first.ops[i];
    if (before === undefined)
      fail(`it goes on with ${op.op} ${op.place.toString()}, where the first one ended`);
    const difference = before && opDifference(before, op);
    if (difference != null) fail(`it reaches ${op.op} ${op.place.toString()}, ${difference}`);
  }
  const missing = first.ops[second.ops.length];
  if (missing !== undefined) fail(`it ends before ${missing.op} ${missing.place.toString()}`);
  if (JSON.stringify(first.skeleton) !== JSON.stringify(second.skeleton))
    fail('it returns other plain values or another structure');
  for (const [i, { path, source }] of second.results.entries()) {
    const before = first.results[i]?.source;
    const difference = before && sourceDifference(before, source);
    if (difference != null) fail(`for its result${path} ${difference}`);
  }
  const names = (recording: Recording) =>
    [...recording.assigned.keys()].map((variable) => variable.name).join();
  if (names(first) !== names(second)) fail('it assigns other variables');
  for (const [variable, source] of second.assigned) {
    const before = first.assigned.get(variable);
    const difference = before && sourceDifference(before, source);
    if (difference != null) fail(`for the variable ${variable.name} ${difference}`);
  }
}
