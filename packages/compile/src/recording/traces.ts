import type * as tf from '@tensorflow/tfjs-core';
import type { CompiledFunction } from '../program';
import { signatureOf } from './signature';

/** More than this many signatures of one function mean that a size differs in every call. */
const MAX_SIGNATURES = 32;

/** How a backend records a function and computes a recording. */
export interface Tracing<A extends readonly unknown[], R, T> {
  /** Records for arguments of one signature. */
  record(args: A): T;
  /** All variables that a recording reads or assigns. */
  variables(recording: T): Iterable<tf.Variable>;
  /**
   * Records again, after the first call: what is another one now would freeze.
   *
   * @throws Error that says what differs.
   */
  confirm(recording: T, args: A): void;
  /** Computes the recording. */
  replay(recording: T, args: A): R;
}

interface Trace<T> {
  recording: T;
  calls: number;
  isConfirmed: boolean;
  /** Why it must not be replayed, found when it was to be confirmed; null if nothing was. */
  failure: Error | null;
}

/** A compiled function: one recording for each signature of its arguments. */
export function traced<A extends readonly unknown[], R, T>(
  name: string,
  tracing: Tracing<A, R, T>,
): CompiledFunction<A, R> {
  const traces = new Map<string, Trace<T>>();
  const traceFor = (args: A): Trace<T> => {
    const signature = signatureOf(name, args);
    const known = traces.get(signature);
    if (known !== undefined) return known;
    if (traces.size === MAX_SIGNATURES) {
      throw new Error(
        `compile: ${name} was called with more than ${MAX_SIGNATURES} different shapes or plain values. ` +
          'Each costs a recording: pad to a few sizes, and pass numbers as tensors.',
      );
    }
    const trace = { recording: tracing.record(args), calls: 0, isConfirmed: false, failure: null };
    traces.set(signature, trace);
    return trace;
  };
  /** After the first call, once. */
  const confirm = (trace: Trace<T>, args: A): void => {
    assertAlive(name, tracing.variables(trace.recording));
    if (trace.calls > 0 && !trace.isConfirmed) {
      trace.isConfirmed = true;
      try {
        tracing.confirm(trace.recording, args);
      } catch (error) {
        trace.failure = error as Error;
      }
    }
    if (trace.failure !== null) throw trace.failure;
  };
  const compiled = (...args: A): R => {
    const trace = traceFor(args);
    confirm(trace, args);
    const result = tracing.replay(trace.recording, args);
    trace.calls += 1;
    return result;
  };
  const prepare = (...args: A): void => {
    confirm(traceFor(args), args);
  };
  return Object.assign(compiled, { prepare });
}

function assertAlive(name: string, variables: Iterable<tf.Variable>): void {
  for (const variable of variables) {
    if (!variable.isDisposed) continue;
    throw new Error(`compile: ${name} uses the variable ${variable.name}, which is disposed.`);
  }
}
