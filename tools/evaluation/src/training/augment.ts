import { uniforms } from '@meanflow/random';

/** Images of one size, row-major, [count, height, width, channels]. */
export interface Images {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** How an image is changed. */
interface Change {
  readonly down: number;
  readonly right: number;
  readonly mirror: boolean;
}

const clamp = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));

/** Writes one changed image; what comes from outside repeats the border. */
function writeImage(
  { pixels, height, width, channels }: Images,
  index: number,
  { down, right, mirror }: Change,
  out: Uint8Array,
  at: number,
): void {
  const start = index * height * width * channels;
  for (let row = 0; row < height; row++) {
    const from = start + clamp(row - down, height) * width * channels;
    for (let column = 0; column < width; column++) {
      const moved = clamp(column - right, width);
      const source = from + (mirror ? width - 1 - moved : moved) * channels;
      const target = at + (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[target + c] = pixels[source + c] ?? 0;
    }
  }
}

/**
 * A training batch: images moved by up to `shift` pixels each way and, on request, mirrored, drawn for (seed, epoch, image).
 *
 * @param indices Which images.
 * @returns Pixels of the batch; the caller owns them.
 */
export function augment(
  images: Images,
  indices: Uint32Array,
  { shift, flip, seed, epoch }: { shift: number; flip: boolean; seed: number; epoch: number },
): Uint8Array {
  const size = images.height * images.width * images.channels;
  const out = new Uint8Array(indices.length * size);
  for (const [i, index] of indices.entries()) {
    const draws = uniforms({ seed, purpose: 'augment', step: epoch, sample: index }, 3);
    const [down, right] = [...draws.subarray(0, 2)].map((u) => Math.floor(u * (2 * shift + 1)) - shift);
    const change = { down: down ?? 0, right: right ?? 0, mirror: flip && (draws[2] ?? 0) < 0.5 };
    writeImage(images, index, change, out, i * size);
  }
  return out;
}
