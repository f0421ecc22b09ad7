import { unpacked } from '../io/gunzipStream';
import type { GunzipStream } from '../io/gunzipStream';
import { reasonOf } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';
import { createTarParser } from '../io/tar';
import { groupSamples } from './webDatasetSamples';
import type { SampleFiles } from './webDatasetSamples';

/** Something found in a shard: a sample, or a damage of the shard itself. */
export type ShardEvent =
  | { readonly kind: 'sample'; readonly sample: SampleFiles }
  | {
      readonly kind: 'damage';
      readonly offset: number;
      readonly problem: string;
      /** Whether nothing comes after it. */
      readonly final: boolean;
    };

/** Where and how a shard is read. */
export interface ShardReading {
  readonly file: StoredFile;
  readonly gunzip: GunzipStream;
  /** A sample's first byte and number; the archive must not be compressed unless both are 0. */
  readonly start: { readonly offset: number; readonly index: number };
  /** Jumps over what nobody wants, by seeks; for archives that are not compressed, in files. */
  readonly seeks: boolean;
  readonly wantsImage: (index: number, size: number) => boolean;
  /** Told whether the archive is compressed, before the first sample. */
  readonly onKind?: (compressed: boolean) => void;
  readonly signal?: AbortSignal | undefined;
}

const SMALLEST_WINDOW = 4096;
const LARGEST_WINDOW = 256 * 1024;

interface Reader {
  push(piece: Uint8Array): void;
  skip(bytes: number): void;
  readonly unwanted: number;
  readonly ended: boolean;
}

/** Reads windows that grow while everything is wanted, and shrink where most is jumped over. */
async function* windows(
  { file, signal, start }: ShardReading,
  size: number,
  reader: Reader,
): AsyncGenerator<Uint8Array> {
  let window = LARGEST_WINDOW;
  for (let at = start.offset; at < size && !reader.ended;) {
    const piece = await file.read(at, Math.min(window, size - at), signal);
    yield piece;
    at += piece.length;
    const jump = Math.min(reader.unwanted, size - at);
    reader.skip(jump);
    at += jump;
    window = jump > window ? SMALLEST_WINDOW : Math.min(2 * window, LARGEST_WINDOW);
  }
}

/**
 * What a shard holds, in its order, a piece of the file at a time. An error of the file is a damage, and final.
 *
 * @throws The signal's reason if it aborts.
 */
export async function* readShard(reading: ShardReading): AsyncGenerator<readonly ShardEvent[]> {
  const { file, gunzip, start, seeks, signal } = reading;
  let events: ShardEvent[] = [];
  const grouper = groupSamples(start.index, reading.wantsImage, (sample) => {
    events.push({ kind: 'sample', sample });
  });
  const parser = createTarParser(
    {
      wants: grouper.wants.bind(grouper),
      onEntry: grouper.add.bind(grouper),
      onDamage: (offset, problem) => events.push({ kind: 'damage', offset, problem, final: false }),
    },
    start.offset,
  );
  const taken = () => {
    const done = events;
    events = [];
    return done;
  };
  try {
    const { size } = seeks ? await file.stat(signal) : { size: null };
    const pieces = seeks && size !== null ? windows(reading, size, parser) : null;
    for await (const piece of pieces ?? unpacked(file.stream(start.offset, signal), gunzip, reading.onKind)) {
      signal?.throwIfAborted();
      parser.push(piece);
      if (events.length > 0) yield taken();
    }
    parser.end();
    grouper.end();
  } catch (error) {
    signal?.throwIfAborted();
    grouper.end();
    events.push({ kind: 'damage', offset: parser.position, problem: reasonOf(error), final: true });
  }
  yield taken();
}
