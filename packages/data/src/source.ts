import type { DamageLog } from './damage';

/** An image as it is stored: JPEG, PNG, WebP or whatever else the decoder knows. */
export interface EncodedImage {
  readonly kind: 'encoded';
  readonly bytes: Uint8Array;
}

/** An image that needs no decoding: pixels 0 .. 255, [height, width, channels], row-major. */
export interface RawImage {
  readonly kind: 'pixels';
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Numbers that are network input as they are, such as latents, [...shape], row-major. */
export interface RawValues {
  readonly kind: 'values';
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** A sample as it is stored. Its arrays are the reader's to keep: a source does not reuse their memory. */
export interface StoredSample {
  /** Its number within the shard, from 0. */
  readonly index: number;
  /** What names it in messages: its key in the shard, or its path. */
  readonly key: string;
  /** Where it begins in the shard, in bytes of the unpacked content; null where that means nothing. */
  readonly offset: number | null;
  /** Class, in [0, numClasses); 0 for a source without labels. */
  readonly label: number;
  readonly content: EncodedImage | RawImage | RawValues;
}

/** A piece of a source that is read from its beginning on: a tar file, a file of latents, a folder. */
export interface Shard {
  /** Path or address, for messages. */
  readonly name: string;
  /** Samples in it. */
  readonly count: number;
}

/** What every stored data set can tell of itself. Formats differ only in how they make one; see {@link Source}. */
export interface SourceInfo {
  /** Short name, e.g. `cifar10-train`. */
  readonly name: string;
  readonly shards: readonly Shard[];
  /** Number of classes; 0 for a set without labels. */
  readonly numClasses: number;
  /** One name a class. */
  readonly classNames?: readonly string[];
  /** Where damaged samples are reported; it decides whether one ends the reading. */
  readonly damage: DamageLog;
  /** Closes files and connections. Reading afterwards fails. */
  close(): Promise<void>;
}

/**
 * A source that is best read front to back, such as tar files over a network. The order of training comes from shuffled
 * shards and a shuffle buffer.
 */
export interface SequentialSource extends SourceInfo {
  readonly access: 'sequential';
  /**
   * Samples of a shard in their order.
   *
   * A sample that cannot be read is reported to `damage` and left out: numbers of samples stay what they are, so the
   * consumer sees a gap in `index`. The same for all that remains of a shard that ends or vanishes.
   *
   * @param shard Number of the shard.
   * @param first Number of the first sample to yield: those before are passed over as cheaply as the format allows.
   */
  read(shard: number, first: number, signal?: AbortSignal): AsyncIterable<StoredSample>;
}

/** A source whose samples can be had in any order: files, zip archives, arrays. It has one shard. */
export interface RandomAccessSource extends SourceInfo {
  readonly access: 'random';
  /**
   * One sample.
   *
   * @returns null if it cannot be read, which has been reported to `damage`.
   */
  readAt(index: number, signal?: AbortSignal): Promise<StoredSample | null>;
}

/** Where samples are stored. Adding a format is one file with a function that opens it as a source. */
export type Source = SequentialSource | RandomAccessSource;
