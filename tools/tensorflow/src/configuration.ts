import { isAbsolute, resolve } from 'node:path';
import type { Configuration, Manifest } from './manifest';
import { UserError } from './userError';
import { DEFAULT_TENSORFLOW } from './wheel';

/** What the command line says. */
export interface NativeOptions {
  project?: string;
  tensorflow?: string;
  python?: string;
  nodedir?: string;
  useInstalled?: boolean;
  gpu?: boolean;
  remove?: boolean;
  verbose?: boolean;
}

/**
 * What is wanted: what the options say, and of what they do not say what is there already.
 *
 * @throws UserError if they contradict each other.
 */
export function configure(options: NativeOptions, manifest: Manifest | null, cwd: string): Configuration {
  const { gpu, tensorflow, useInstalled = false } = options;
  const before = manifest?.configuration ?? null;
  const python = options.python === undefined ? undefined : absoluteCommand(options.python, cwd);
  if (useInstalled && tensorflow !== undefined)
    throw new UserError('--use-installed takes the TensorFlow that is there: leave out --tensorflow.', 2);
  if (useInstalled) return { gpu: gpu ?? false, tensorflow: null, python: python ?? null };
  if (before !== null && [gpu, tensorflow, python].every((option) => option === undefined)) return before;
  return {
    gpu: gpu ?? before?.gpu ?? false,
    tensorflow: tensorflow ?? before?.tensorflow ?? DEFAULT_TENSORFLOW,
    // A Python with a TensorFlow of its own need not be one to install with.
    python: python ?? (before?.tensorflow == null ? null : before.python),
  };
}

/** A path is meant from where the command was given; a name without slashes is looked up on the PATH. */
function absoluteCommand(command: string, cwd: string): string {
  return isAbsolute(command) || !/[\\/]/.test(command) ? command : resolve(cwd, command);
}
