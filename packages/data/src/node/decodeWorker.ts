import { move } from 'piscina';
import type { ImageForm } from '../image/imageDecoder';
import { decodeImages } from './decodeImages';

/** Images for a worker, in one piece of memory that changes hands. */
export interface DecodeTask {
  /** The files, one after the other. */
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
  readonly form: ImageForm;
}

/** What a worker made of them. */
export interface DecodedTask {
  /** Pixels of all good images, one after the other. */
  readonly pixels: Uint8Array;
  /** For each image its height, width and channels, or what is wrong with it. */
  readonly results: readonly (readonly [height: number, width: number, channels: number] | string)[];
}

/** Decodes images; what a worker thread runs. */
export async function decodeTask({ bytes, lengths, form }: DecodeTask): Promise<DecodedTask> {
  let at = 0;
  const images = lengths.map((length) => bytes.subarray(at, (at += length)));
  const decoded = await decodeImages(images, form);
  const size = decoded.reduce((sum, image) => sum + (typeof image === 'string' ? 0 : image.pixels.length), 0);
  const pixels = new Uint8Array(size);
  let end = 0;
  const results = decoded.map((image) => {
    if (typeof image === 'string') return image;
    pixels.set(image.pixels, end);
    end += image.pixels.length;
    return [image.height, image.width, image.channels] as const;
  });
  move(pixels.buffer);
  return { pixels, results };
}
