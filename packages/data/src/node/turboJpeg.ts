import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parseJpegHeader } from '../image/jpegHeader';
import type { RawImage } from '../source';

/** The part that is used of the class that the package exports. */
interface Codec {
  /** Memory for so many bytes of a file. */
  getEncodedBuffer(length: number): Uint8Array;
  /** Throws a number where libjpeg-turbo has an error or a warning. */
  decode(): void;
  /** The pixels, valid until the next call. */
  getDecodedBuffer(): Uint8ClampedArray;
  getFrameInfo(): { width: number; height: number; componentCount: number };
}

/** What the package exports. */
type LoadCodec = (options: {
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance) => void,
  ): Record<string, never>;
}) => Promise<{ JPEGDecoder: new () => Codec }>;

/** Decodes JPEGs at once, without the cost of a task for each. */
export interface TurboJpeg {
  /** The picture; null if the file is none, is damaged, or is of a rare kind or size that others decode better. */
  decode(bytes: Uint8Array): RawImage | null;
}

const MAX_PIXELS = 2 ** 16; // 256 x 256: libvips takes longer to begin, but less for a pixel, by the processor's SIMD
const COMMON = [0, 1, 2]; // baseline, sequential, progressive

function isCommon(bytes: Uint8Array): boolean {
  const header = parseJpegHeader(bytes);
  if (header === null) return false;
  const { width, height, components, precision, process } = header;
  const pixels = width * height;
  return (
    precision === 8 &&
    (components === 1 || components === 3) &&
    pixels > 0 &&
    pixels <= MAX_PIXELS &&
    COMMON.includes(process)
  );
}

/** Prepares the making of codecs, each with a memory of its own. */
async function loadCodecs(): Promise<() => Promise<Codec>> {
  // @ts-expect-error: the package has no types.
  const { default: load } = (await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')) as {
    default: LoadCodec;
  };
  const { resolve } = createRequire(import.meta.url);
  const code = await WebAssembly.compile(
    await readFile(resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm')),
  );
  return async () => {
    const { JPEGDecoder } = await load({
      instantiateWasm(imports, receive) {
        void WebAssembly.instantiate(code, imports).then(receive);
        return {};
      },
    });
    return new JPEGDecoder();
  };
}

/**
 * libjpeg-turbo, compiled to WebAssembly: pixels are the ones of every program that uses it, such as Pillow.
 *
 * @returns A decoder for one call after the other, and what to await after it has answered null: a module that has
 * thrown is not used again, since its stack is never unwound.
 */
export async function createTurboJpeg(): Promise<TurboJpeg & { ready(): Promise<void> }> {
  const makeCodec = await loadCodecs();
  let codec: Codec | null = await makeCodec();
  return {
    decode(bytes) {
      if (codec === null || !isCommon(bytes)) return null;
      try {
        codec.getEncodedBuffer(bytes.length).set(bytes);
        codec.decode();
      } catch {
        codec = null;
        return null;
      }
      const { width, height, componentCount: channels } = codec.getFrameInfo();
      const view = codec.getDecodedBuffer();
      const pixels = new Uint8Array(view.buffer, view.byteOffset, view.length).slice();
      return { kind: 'pixels', pixels, height, width, channels };
    },
    async ready() {
      codec ??= await makeCodec();
    },
  };
}
