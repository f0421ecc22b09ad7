import type { DamageLog, DamageOptions } from '../damage';
import { reasonOf } from '../io/storedFile';
import type { RandomAccessSource, StoredSample } from '../source';
import { checkClasses, damageLogOf } from './sourceOptions';

/** Label of a sample that has none. */
export const NO_LABEL = -1;

/** Samples that can be had in any order, as a format describes them. */
export interface RandomSamples {
  readonly name: string;
  /** Path or address, for messages. */
  readonly shard: string;
  readonly count: number;
  /** Class of each, {@link NO_LABEL} for none; null for a set without labels. */
  readonly labels: Int32Array | null;
  readonly classNames?: readonly string[] | undefined;
  keyOf(index: number): string;
  /** Where the sample begins; null where that means nothing. */
  offsetOf(index: number): number | null;
  /** @throws Error that says what is wrong with the sample. */
  load(index: number, signal?: AbortSignal): Promise<StoredSample['content']>;
  close(): Promise<void>;
}

/** Options that every random-access format has. */
export interface RandomSourceOptions {
  numClasses?: number;
  classNames?: readonly string[];
  damage?: DamageOptions | DamageLog;
}

function labelProblem(label: number, numClasses: number): string | null {
  if (numClasses === 0 || (label >= 0 && label < numClasses)) return null;
  return label === NO_LABEL
    ? 'the sample must have a label, as others have'
    : `the label must be in [0, ${numClasses}), got ${label}`;
}

/** What an error says without the fix that follows it, for a sentence of the damage log. */
function problemOf(error: unknown): string {
  const reason = reasonOf(error).replace(/\.? Likely fix:.*$/, '');
  return /^E[A-Z]+$/.test(reason) ? `the file must be readable, got ${reason}` : reason;
}

/**
 * The source of samples that a format describes: labels are checked at once, a sample that cannot be loaded is a damage.
 *
 * @param caller Exported function that errors name.
 * @throws Error, one sentence, if there is no sample or by the damage policy.
 */
export function randomSource(
  caller: string,
  samples: RandomSamples,
  options: RandomSourceOptions = {},
): RandomAccessSource {
  checkClasses(caller, options);
  const { name, shard, count, labels } = samples;
  if (count === 0) {
    throw new Error(
      `${caller}: ${shard} must hold at least one image, got none. Likely fix: check the path.`,
    );
  }
  const damage = damageLogOf(options.damage);
  const classNames = options.classNames ?? samples.classNames;
  const highest = labels?.reduce((most, label) => Math.max(most, label), NO_LABEL) ?? NO_LABEL;
  const numClasses = labels === null ? 0 : (options.numClasses ?? classNames?.length ?? highest + 1);
  if (numClasses > 0 && labels === null) {
    throw new Error(`internal: ${shard} has classes without labels.`);
  }
  const labelOf = (index: number) => labels?.[index] ?? 0;
  const report = (index: number, problem: string) => {
    damage.report({ shard, key: samples.keyOf(index), offset: samples.offsetOf(index), problem });
  };
  for (let i = 0; i < count && numClasses > 0; i++) {
    const problem = labelProblem(labelOf(i), numClasses);
    if (problem !== null) report(i, problem);
  }
  return {
    name,
    access: 'random',
    shards: [{ name: shard, count }],
    numClasses,
    ...(classNames && numClasses > 0 && { classNames }),
    damage,
    async readAt(index, signal) {
      signal?.throwIfAborted();
      if (!Number.isInteger(index) || index < 0 || index >= count) {
        throw new RangeError(`readAt: index must be in [0, ${count}), got ${index}.`);
      }
      let problem = labelProblem(labelOf(index), numClasses);
      if (problem === null) {
        try {
          const content = await samples.load(index, signal);
          const label = numClasses === 0 ? 0 : labelOf(index);
          return { index, key: samples.keyOf(index), offset: samples.offsetOf(index), label, content };
        } catch (error) {
          signal?.throwIfAborted();
          problem = problemOf(error);
        }
      }
      report(index, problem);
      return null;
    },
    close: () => samples.close(),
  };
}
