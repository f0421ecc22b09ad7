import { createProgram } from './program';
import type { CompiledFunction, CompileOptions } from './program';

/**
 * Compiles one function in a program of its own: see `Program.compile`. The tf.function of TensorFlow.js.
 *
 * @param f Synchronous function of tensors.
 * @returns The function to call instead, with `dispose`, which forgets its recordings.
 */
export function compile<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options: CompileOptions = {},
): CompiledFunction<A, R> & { dispose(): void } {
  const program = createProgram();
  const compiled = program.compile(f, options);
  const dispose = () => {
    program.dispose();
  };
  return Object.assign(compiled, { dispose });
}
