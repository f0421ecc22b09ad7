import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Checkpoint } from '../checkpoint';
import type { HostWeights } from '../weights';

/** For tests: a checkpoint with distinct numbers in every part. */
export function checkpointOf(step: number, value = step): Checkpoint {
  const part = (offset: number): HostWeights => ({
    'a.kernel': { shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, i) => value + offset + i / 8) },
    'a.bias': { shape: [], data: new Float32Array([-value - offset]) },
  });
  const snapshot = {
    weights: part(0),
    ema: part(100),
    m: part(200),
    v: part(300),
    step,
    skipped: 2,
    skippedInRow: 1,
  };
  return { snapshot, seed: 2 ** 40, data: { position: step * 8 }, config: { preset: 'digits', depth: 2 } };
}

/** For tests: all files of a folder by their path in it, in base64. */
export function filesIn(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const files = paths.filter((path) => statSync(path).isFile()).sort();
  return Object.fromEntries(
    files.map((path) => [relative(folder, path), readFileSync(path).toString('base64')]),
  );
}
