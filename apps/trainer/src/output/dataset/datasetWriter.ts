import type { RawImage } from '@meanflow/data';
import { encode } from 'fast-png';

/** An image to write. */
export interface ImageToWrite {
  readonly label: number;
  readonly image: RawImage;
  /** Its file as it was stored, where the pixels are those of it; null: only pixels are there. */
  readonly file: Uint8Array | null;
}

/** Writes a data set. What is there at the end is whole: until `finish` it lies under another name. */
export interface DatasetWriter {
  add(image: ImageToWrite): void | Promise<void>;
  /** Puts the result in its place. */
  finish(): void | Promise<void>;
  /** Removes what was written. */
  abort(): void;
}

/** What a writer must know beforehand. */
export interface WriterOptions {
  readonly path: string;
  readonly numClasses: number;
  readonly classNames: readonly string[] | null;
  /** Samples in a shard. */
  readonly shardSize: number;
}

/** The bytes of an image file and the ending of its name: as it was stored, else a PNG. */
export function imageFile({ file, image }: ImageToWrite): { bytes: Uint8Array; extension: string } {
  if (file !== null) {
    if (file[0] === 0xff && file[1] === 0xd8) return { bytes: file, extension: 'jpg' };
    if (file[0] === 0x89 && file[1] === 0x50) return { bytes: file, extension: 'png' };
    if (file[8] === 0x57 && file[9] === 0x45) return { bytes: file, extension: 'webp' };
  }
  const { width, height, channels, pixels } = image;
  return { bytes: encode({ width, height, channels, data: pixels, depth: 8 }), extension: 'png' };
}
