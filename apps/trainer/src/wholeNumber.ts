import { UserError } from './userError';

/**
 * Reads a whole number from the command line.
 *
 * @param name As the user wrote it, e.g. `--count`.
 * @throws UserError if it is none, or less than `least`.
 */
export function wholeNumber(name: string, text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UserError(`${name} must be a whole number of at least ${least}, got ${text}.`);
}
