import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceDurably, syncFolder } from './durableFiles';

/** One line of the log. Numbers that are not finite become null, which JSON has instead of NaN. */
export type MetricsRecord = { readonly step: number } & Readonly<
  Record<string, number | string | boolean | null>
>;

/** Appends to a log. It owns an open file and lives until `close`. */
export interface MetricsLog {
  /** Adds a line. */
  append(record: MetricsRecord): void;
  /** Waits until all lines are on the disk; call it before saving a checkpoint. */
  flush(): void;
  close(): void;
}

/** The step of a line, or NaN if it is not a whole record. */
function stepOf(line: string): number {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('step' in value)) return NaN;
    return typeof value.step === 'number' ? value.step : NaN;
  } catch {
    return NaN;
  }
}

/** Lines that hold up to `lastStep`; a line that is not whole, such as a half-written last one, is dropped. */
function keepThrough(text: string, lastStep: number): string {
  const lines = text.split('\n').filter((line) => stepOf(line) <= lastStep);
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * Opens a log of one JSON object a line, e.g. `metrics.jsonl`, making it and its folder if they are not there.
 *
 * @param lastStep Step of the checkpoint that training goes on from, 0 for a new run: lines beyond it, and a last line
 *   that a killed process left in halves, are removed in one atomic step, so that every step is in the log once.
 */
export function openMetricsLog(path: string, lastStep: number): MetricsLog {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8');
    const kept = keepThrough(text, lastStep);
    if (kept !== text) replaceDurably(path, new TextEncoder().encode(kept));
  }
  const file = openSync(path, 'a');
  syncFolder(dirname(path));
  return {
    append(record) {
      // One write, so that a line is in the file whole or, after a crash, is its last.
      const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    },
    flush: () => {
      fsyncSync(file);
    },
    close: () => {
      closeSync(file);
    },
  };
}
