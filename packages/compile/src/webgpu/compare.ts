import type { Binding, Command, Memory, Recording, Value } from './recording';
import { randomFix } from '../recording/tracker';

const sameNumbers = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  a.length === b.length && Array.prototype.every.call(a, (value: number, i) => Object.is(value, b[i]));

/** How memory differs between two recordings, or null. */
function memoryDifference(a: Memory, b: Memory): string | null {
  if (a.kind === 'constant' && b.kind === 'constant') {
    if (a.size !== b.size) return 'a constant has another size';
    if (a.bytes !== null && b.bytes !== null)
      return sameNumbers(a.bytes, b.bytes) ? null : 'a constant has another value';
    return a.buffer === b.buffer ? null : 'a tensor from outside of the function is another one';
  }
  const same =
    a.size === b.size &&
    ((a.kind === 'temporary' && b.kind === 'temporary' && a.id === b.id) ||
      (a.kind === 'argument' && b.kind === 'argument' && a.index === b.index) ||
      (a.kind === 'variable' && b.kind === 'variable' && a.variable === b.variable));
  return same ? null : 'an input comes from elsewhere';
}

function bindingDifference(a: Binding, b: Binding): string | null {
  if (a.binding !== b.binding || a.offset !== b.offset || a.size !== b.size)
    return 'an input comes from elsewhere';
  return memoryDifference(a.memory, b.memory);
}

function commandDifference(a: Command, b: Command): string | null {
  if (a.kind === 'dispatch' && b.kind === 'dispatch') {
    if (a.pipeline !== b.pipeline || a.bindings.length !== b.bindings.length)
      return 'the operation is another one';
    if (a.workgroups.join() !== b.workgroups.join()) return 'its size is another one';
    for (const [i, binding] of a.bindings.entries()) {
      const other = b.bindings[i];
      const difference = other && bindingDifference(binding, other);
      if (difference != null) return difference;
    }
    return null;
  }
  if (a.kind === 'copy' && b.kind === 'copy') {
    if (a.size !== b.size || a.fromOffset !== b.fromOffset || a.toOffset !== b.toOffset)
      return 'its size is another one';
    return memoryDifference(a.from, b.from) ?? memoryDifference(a.to, b.to);
  }
  if (a.kind === 'fill' && b.kind === 'fill') {
    return a.word === b.word ? memoryDifference(a.to, b.to) : 'a constant has another value';
  }
  return 'the operation is another one';
}

function valueDifference(a: Value, b: Value): string | null {
  if (a.shape.join() !== b.shape.join() || a.dtype !== b.dtype) return 'the shape or type is another one';
  if (a.source.kind === 'host' && b.source.kind === 'host') {
    const [one, other] = [a.source.values, b.source.values] as ArrayLike<number>[];
    return one !== undefined && other !== undefined && sameNumbers(one, other)
      ? null
      : 'a constant has another value';
  }
  if (a.source.kind === 'host' || b.source.kind === 'host') return 'the value comes from elsewhere';
  return memoryDifference(a.source, b.source);
}

const operation = ({ place }: Command) => `${place.kernel ?? 'an operation'} ${place.toString()}`.trim();

/**
 * Compares two recordings of one function: what differs is no part of the function but of the moment, and would freeze.
 *
 * @throws Error that names the operation and the place of the first difference.
 */
export function assertSameRecording(name: string, first: Recording, second: Recording): void {
  const fail = (what: string): never => {
    throw new Error(
      `compile: ${name} must do the same in every call, but in the second one ${what}. ` +
        `It would be frozen. ${randomFix}, as everything that changes from call to call.`,
    );
  };
  for (const [i, command] of second.commands.entries()) {
    const before = first.commands[i];
    if (before === undefined) fail(`it goes on with ${operation(command)}, where the first one ended`);
    const difference = before && commandDifference(before, command);
    if (difference != null) fail(`it reaches ${operation(command)}, where ${difference}`);
  }
  const missing = first.commands[second.commands.length];
  if (missing !== undefined) fail(`it ends before ${operation(missing)}`);
  if (JSON.stringify(first.skeleton) !== JSON.stringify(second.skeleton))
    fail('it returns other plain values or another structure');
  for (const [i, result] of second.results.entries()) {
    const before = first.results[i];
    const difference = before && valueDifference(before, result);
    if (difference != null) fail(`for its result${result.path} ${difference}`);
  }
  const names = ({ assigned }: Recording) => [...assigned.keys()].map((variable) => variable.name).join();
  if (names(first) !== names(second)) fail('it assigns other variables');
  for (const [variable, value] of second.assigned) {
    const before = first.assigned.get(variable);
    const difference = before && valueDifference(before, value);
    if (difference != null) fail(`for the variable ${variable.name} ${difference}`);
  }
}
