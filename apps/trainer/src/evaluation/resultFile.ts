import { readFileSync } from 'node:fs';
import { replaceDurably } from '@meanflow/train/node';
import { z } from 'zod';
import { messageOf, UserError } from '../userError';
import { metricNames } from './metricNames';

const measured = z.object({
  /** Mean over the repeated draws. */
  value: z.number(),
  /** One value for each draw. */
  values: z.array(z.number()).min(1),
  /** 95 % interval of the mean; null for a single draw. */
  interval: z.tuple([z.number(), z.number()]).nullable(),
});

const entry = z.object({
  /** Network evaluations for each sample; null for images that were there before. */
  nfe: z.int().min(1).nullable(),
  metrics: z.partialRecord(z.enum(metricNames), measured),
  notes: z.array(z.string()),
  seconds: z.number(),
});

/** Everything that an evaluation depends on, and what came of it. */
const schema = z.object({
  format: z.literal('meanflow-evaluation'),
  version: z.literal(1),
  images: z.looseObject({
    /** The checkpoint or the file, as it was named. */
    source: z.string(),
    /** Images in each draw. */
    count: z.int().min(1),
    shape: z.array(z.int()),
  }),
  network: z.looseObject({ name: z.string(), hash: z.string() }),
  reference: z.looseObject({ name: z.string(), count: z.int().min(1).nullable() }),
  settings: z.record(z.string(), z.json()),
  versions: z.record(z.string(), z.string()),
  results: z.array(entry).min(1),
});

export type EvaluationFile = z.output<typeof schema>;
export type EvaluationEntry = EvaluationFile['results'][number];

/** Writes a result so that it is there whole or not at all. */
export function writeResult(path: string, result: EvaluationFile): void {
  replaceDurably(path, new TextEncoder().encode(`${JSON.stringify(schema.parse(result), null, 2)}\n`));
}

/**
 * Reads a result.
 *
 * @throws UserError if there is none, or it was not written by `meanflow eval`.
 */
export function readResult(path: string): EvaluationFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`${path} must be a result of meanflow eval: ${messageOf(error)}.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : `, but ${issue.path.join('.') || 'it'}: ${issue.message}`;
  throw new UserError(`${path} must be a result of meanflow eval${where}.`);
}
