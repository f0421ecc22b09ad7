import { createDamageLog } from '@meanflow/data';
import type { Damage, DamageLog, ImageDecoder, Source } from '@meanflow/data';
import { createImageDecoder, openSource } from '@meanflow/data/node';
import type { OpenSourceOptions } from '@meanflow/data/node';
import { countProgress } from '../../output/countProgress';
import type { Terminal } from '../../terminal';
import { UserError, withUserInput } from '../../userError';
import { wholeNumber } from '../../wholeNumber';

/** Arguments that all dataset commands have. */
export interface DatasetOptions {
  readonly labels?: string;
  readonly size?: string;
  readonly channels?: string;
}

/** A data set with what decodes its images. */
export interface OpenDataset {
  readonly source: Source;
  readonly decoder: ImageDecoder;
  readonly count: number;
}

/** A log that lets everything pass: what is damaged is shown instead. */
export function tolerantLog(): DamageLog {
  return createDamageLog({ policy: 'skip', maxSkipped: Number.MAX_SAFE_INTEGER });
}

/** `a.tar, sample 0001 at byte 512: the JPEG must be whole`. */
export function damageLine({ shard, key, offset, problem }: Damage): string {
  return `${shard}${key === null ? '' : `, sample ${key}`}${offset === null ? '' : ` at byte ${offset}`}: ${problem}`;
}

/** Opens a source; where damage has left nothing of it, the first of it is the error. */
async function openOrExplain(path: string, options: OpenSourceOptions, damage: DamageLog): Promise<Source> {
  try {
    return await openSource(path, { ...options, damage });
  } catch (error) {
    const [first] = damage.damages;
    throw first === undefined ? error : new UserError(`${damageLine(first)}.`);
  }
}

/** Opens a data set for as long as `use` takes. What is wrong with it becomes an error of the user. */
export async function withDataset<T>(
  path: string,
  { labels }: DatasetOptions,
  damage: DamageLog,
  use: (dataset: OpenDataset) => Promise<T>,
): Promise<T> {
  return withUserInput(async () => {
    const source = await openOrExplain(path, labels === undefined ? {} : { labels }, damage);
    const decoder = createImageDecoder();
    try {
      const count = source.shards.reduce((sum, shard) => sum + shard.count, 0);
      return await use({ source, decoder, count });
    } finally {
      await decoder.close();
      await source.close();
    }
  });
}

/** What `--size` and `--channels` ask for. */
export function formOf({ size, channels }: DatasetOptions): { size: number | null; channels: 1 | 3 | null } {
  const wanted = channels === undefined ? null : wholeNumber('--channels', channels, 1);
  if (wanted !== null && wanted !== 1 && wanted !== 3)
    throw new UserError(`--channels must be 1 (grey) or 3 (colour), got ${wanted}.`);
  return { size: size === undefined ? null : wholeNumber('--size', size, 1), channels: wanted };
}

/** Shows how many of a set's samples have been seen. */
export function sampleProgress(
  terminal: Terminal,
  what: string,
  { count }: OpenDataset,
): { seen: () => void; stop: () => void } {
  const progress = countProgress(terminal, what, Math.max(1, count));
  let seen = 0;
  return {
    seen: () => {
      progress.update(++seen);
    },
    stop: progress.stop,
  };
}
