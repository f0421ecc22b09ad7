import type { RawImage } from '../source';

/** What becomes of an image after decoding. */
export interface ImageForm {
  /** Side of the square that it is scaled and cropped to, as by {@link centerCrop}; null leaves its size. */
  readonly size: number | null;
  /** Channels of the result, grey or red, green and blue; null leaves them, without opacity. */
  readonly channels: 1 | 3 | null;
}

/** Turns stored images into pixels. */
export interface ImageDecoder {
  /**
   * Decodes images and brings them into a form.
   *
   * @param images Files. Borrowed until the promise settles, or until `signal` is aborted.
   * @returns For each image its pixels or, if it is damaged, what is wrong: a rule and a value without a full stop.
   */
  decode(
    images: readonly Uint8Array[],
    form: ImageForm,
    signal?: AbortSignal,
  ): Promise<readonly (RawImage | string)[]>;
  /** Ends its workers. */
  close(): Promise<void>;
}
