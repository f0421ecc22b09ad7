import { readFileSync } from 'node:fs';
import { golden } from '@meanflow/testing';
import type { Golden } from '@meanflow/testing';

const here = new URL('../', import.meta.url); // `golden` looks beside `src`

/** A golden file of this package. */
export function evalGolden(file: string): Golden {
  return golden(new URL('index.ts', here).href, `${file}.safetensors`);
}

/** The values of a golden file in full precision. */
export function goldenValues(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../golden/${file}.values.json`, here), 'utf8'));
}
