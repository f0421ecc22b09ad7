import * as tf from '@tensorflow/tfjs-core';
import { checkResult } from './containers';

/** How a function is compiled. */
export interface CompileOptions {
  /**
   * Name in error messages. Default: the function's own name.
   */
  name?: string;
  /**
   * What XLA compiles: nothing (false), the operations marked with `fused` ('fused'), or the whole function (true). It
   * makes one loop of many operations, and rounds otherwise than the eager function (by about 1e-6 of the largest value
   * in one step); the first call takes seconds longer. Default false.
   */
  xla?: boolean | 'fused';
  /**
   * Whether matrix products multiply bfloat16 numbers (8 bits of mantissa). Sums and everything else stay float32, and
   * so do the variables. Faster on GPUs, and on CPUs that have instructions for it. Default false.
   */
  bfloat16?: boolean;
}

/** Options of {@link createProgram}: those of all its functions. */
export interface ProgramOptions extends Omit<CompileOptions, 'name'> {
  /** Runs the functions eagerly even where there is a compiler, e.g. to look into them. Default false. */
  eager?: boolean;
}

/** A compiled function: the same arguments and the same results as the function that it was made of. */
export interface CompiledFunction<A extends readonly unknown[], R> {
  (...args: A): R;
  /**
   * Records the function for arguments of these shapes without computing anything. A program that gets a new recording
   * starts its graph anew at the next call: prepare functions that are used together, and it starts once. After the
   * first call it records again, as the second call would: from then on a call only computes.
   */
  prepare(...args: A): void;
}

/** Compiled functions that share the variables which they read and assign. */
export interface Program {
  /**
   * Compiles a synchronous function of tensors. The first call with arguments of given shapes records the operations of
   * `f` without computing them; every call computes the recording. The second call records again, and fails if the
   * function did something else. Variables that it reads or assigns are state, everything else that it finds outside
   * of its arguments is a constant.
   *
   * @param f Borrows its arguments, nested objects and arrays of tensors and plain values; returns a tensor or such a
   *   container of new tensors, which the caller owns. A plain value among the arguments is part of their shape.
   * @returns The function to call instead. It throws an Error that names the operation and the place when `f` does
   *   what a recording cannot hold: reading a tensor's data, drawing random numbers, making a variable, going another
   *   way or meeting other constants the second time, results of a shape that depends on values.
   */
  compile<A extends readonly unknown[], R>(
    f: (...args: A) => R,
    options?: CompileOptions,
  ): CompiledFunction<A, R>;
  /**
   * Forgets all recordings. The variables keep their values; the compiled functions must not be called any more.
   */
  dispose(): void;
}

/** What a backend's compiler makes: see {@link Program}, whose options it gets complete. */
export interface CompilerProgram {
  compile<A extends readonly unknown[], R>(
    f: (...args: A) => R,
    options: Required<CompileOptions>,
  ): CompiledFunction<A, R>;
  dispose(): void;
}

/** Records and replays functions on one backend. */
export interface Compiler {
  /** Name of the backend in tfjs. */
  readonly backend: string;
  createProgram(): CompilerProgram;
}

const compilers = new Map<string, Compiler>();

/**
 * Makes a compiler known for its backend. On a backend without one, a compiled function is the function itself.
 *
 * @param compiler E.g. `tensorflowCompiler` of `@meanflow/compile/tensorflow`. The last one for a backend counts.
 */
export function registerCompiler(compiler: Compiler): void {
  compilers.set(compiler.backend, compiler);
}

/** The function itself, which owns none of what it makes on its way. */
function eager<A extends readonly unknown[], R>(name: string, f: (...args: A) => R): CompiledFunction<A, R> {
  const run = (...args: A) => {
    const checked = () => {
      const result = f(...args);
      checkResult(name, result);
      return result as tf.TensorContainer;
    };
    return tf.tidy(checked) as R;
  };
  return Object.assign(run, { prepare: () => undefined });
}

/**
 * A program: functions that are compiled together and share their variables. While compiled functions work with a
 * variable, its value lives with the compiled program; reading, assigning and disposing it works as always, and costs a
 * copy where backend and program do not share their memory.
 *
 * @param defaults Options of all its functions.
 */
export function createProgram({ eager: isEager = false, ...defaults }: ProgramOptions = {}): Program {
  const programs = new Map<string, CompilerProgram>(); // by backend
  let isDisposed = false;

  function programOn(backend: string): CompilerProgram | null {
    if (isEager) return null;
    const known = programs.get(backend);
    if (known !== undefined) return known;
    const created = compilers.get(backend)?.createProgram();
    if (created === undefined) return null;
    programs.set(backend, created);
    return created;
  }

  return {
    compile<A extends readonly unknown[], R>(f: (...args: A) => R, options: CompileOptions = {}) {
      const complete = {
        ...{ name: f.name === '' ? 'the function' : f.name, xla: false, bfloat16: false },
        ...defaults,
        ...options,
      };
      const onBackend = new Map<string, CompiledFunction<A, R>>();
      const onThisBackend = (): CompiledFunction<A, R> => {
        if (isDisposed)
          throw new Error(`compile: the program of ${complete.name} is disposed. Create a new one.`);
        const backend = tf.getBackend();
        const known = onBackend.get(backend);
        if (known !== undefined) return known;
        const compiled = programOn(backend)?.compile(f, complete) ?? eager(complete.name, f);
        onBackend.set(backend, compiled);
        return compiled;
      };
      const run = (...args: A) => onThisBackend()(...args);
      const prepare = (...args: A) => {
        onThisBackend().prepare(...args);
      };
      return Object.assign(run, { prepare });
    },
    dispose() {
      if (isDisposed) return;
      isDisposed = true;
      for (const program of programs.values()) program.dispose();
    },
  };
}
