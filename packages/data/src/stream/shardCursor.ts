import type { SequentialSource, StoredSample } from '../source';

/** Reads samples of shards at growing indices, with one shard open at a time. */
export interface ShardCursor {
  /** The sample `index` of a shard; null if the source left it out. */
  at(shard: number, index: number): Promise<StoredSample | null>;
  /** Closes the open shard. */
  close(): Promise<void>;
}

interface OpenShard {
  readonly shard: number;
  readonly samples: AsyncIterator<StoredSample>;
  /** A sample beyond those that were asked for. */
  ahead: StoredSample | null;
  /** Samples below this number have been passed. */
  passed: number;
}

/** A cursor over a source's shards. */
export function shardCursor(source: SequentialSource, signal: AbortSignal): ShardCursor {
  let open: OpenShard | null = null;

  async function close(): Promise<void> {
    const closing = open;
    open = null;
    await closing?.samples.return?.();
  }
  async function openAt(shard: number, index: number): Promise<OpenShard> {
    if (open?.shard === shard && index >= open.passed) return open;
    await close();
    const samples = source.read(shard, index, signal)[Symbol.asyncIterator]();
    open = { shard, samples, ahead: null, passed: index };
    return open;
  }
  async function next(shard: OpenShard): Promise<StoredSample | null> {
    const { ahead } = shard;
    shard.ahead = null;
    if (ahead !== null) return ahead;
    const result = await shard.samples.next();
    return result.done === true ? null : result.value;
  }
  async function at(shard: number, index: number): Promise<StoredSample | null> {
    const current = await openAt(shard, index);
    let sample = await next(current);
    while (sample !== null && sample.index < index) sample = await next(current);
    current.passed = index + 1;
    if (sample === null || sample.index === index) return sample;
    current.ahead = sample; // a gap: it belongs to a later call
    return null;
  }
  return { at, close };
}

/** Reads one sample by itself. */
export async function readOne(
  source: SequentialSource,
  shard: number,
  index: number,
  signal: AbortSignal,
): Promise<StoredSample | null> {
  const cursor = shardCursor(source, signal);
  try {
    return await cursor.at(shard, index);
  } finally {
    await cursor.close();
  }
}
