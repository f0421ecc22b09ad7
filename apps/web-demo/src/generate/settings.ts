import { spreadLabels } from '@meanflow/train/run';
import type { DatasetInfo } from '@meanflow/train/run';

/** Numbers of network calls that the page offers. */
export const callCounts = [1, 2, 4, 8] as const;

const EACH = 8; // samples of a class, as in `meanflow sample`
const MANY = 16; // classes: beyond, only the first are drawn
const ALONE = 64; // samples of one class, or without classes

/** What is drawn, as the address says it. */
export interface DrawSettings {
  readonly seed: number;
  /** Null: all of them. */
  readonly chosenClass: number | null;
  readonly calls: number;
}

function wholeNumber(text: string | null, below: number): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return value < below ? value : null;
}

/** Largest seed: what a JavaScript number can hold exactly. */
const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** Reads a seed; null if it is none. */
export function readSeed(text: string | null): number | null {
  return wholeNumber(text?.trim() ?? null, MAX_SEED);
}

/** Settings from an address; what is missing or wrong in it is as usual. */
export function readSettings(get: (name: string) => string | null): DrawSettings {
  const calls = wholeNumber(get('calls'), 100);
  return {
    seed: readSeed(get('seed')) ?? 0,
    chosenClass: wholeNumber(get('class'), 10_000),
    calls: callCounts.find((count) => count === calls) ?? 1,
  };
}

/** The same for the address; usual values are left out. */
export function writeSettings({ seed, chosenClass, calls }: DrawSettings): Record<string, string | null> {
  return {
    seed: String(seed),
    class: chosenClass === null ? null : String(chosenClass),
    calls: calls === 1 ? null : String(calls),
  };
}

/** Classes of the samples of one picture: a row for each class, or many of one. */
export function labelsFor(
  { numClasses }: Pick<DatasetInfo, 'numClasses'>,
  chosenClass: number | null,
): Int32Array {
  if (numClasses === 0) return new Int32Array(ALONE);
  if (chosenClass !== null && chosenClass < numClasses) return new Int32Array(ALONE).fill(chosenClass);
  const classes = Array.from({ length: Math.min(numClasses, MANY) }, (_, i) => i);
  return spreadLabels(classes, EACH * classes.length);
}

/** The command that draws the same picture in a terminal. */
export function sampleCommand(
  { numClasses }: Pick<DatasetInfo, 'numClasses'>,
  { seed, chosenClass, calls }: DrawSettings,
): string {
  const isOne = numClasses > 0 && chosenClass !== null && chosenClass < numClasses;
  const few = !isOne && numClasses > MANY ? ['--classes', `0-${MANY - 1}`] : [];
  return [
    ...['meanflow', 'sample', '--checkpoint', 'RUN'],
    ...(isOne ? ['--classes', String(chosenClass), '--count', String(ALONE)] : few),
    ...(calls === 1 ? [] : ['--nfe', String(calls)]),
    ...['--seed', String(seed), '--out', 'grid.png'],
  ].join(' ');
}

/** A seed that nobody has chosen. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}
