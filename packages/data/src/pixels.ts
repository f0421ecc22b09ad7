/** One pixel as network input, v / 127.5 - 1. */
export function pixelToFloat(v: number): number {
  return v / 127.5 - 1;
}

/**
 * Pixels as network input, x = v / 127.5 - 1: 0 .. 255 becomes [-1, 1].
 *
 * @param pixels Bytes of any shape. Borrowed.
 * @returns As many floats; the caller owns them.
 */
export function pixelsToFloats(pixels: Uint8Array): Float32Array {
  return Float32Array.from(pixels, pixelToFloat);
}

/**
 * Network output as pixels, clip(127.5 x + 128) cut to a whole number: the inverse of {@link pixelsToFloats}.
 *
 * The rounding is the one of the evaluation protocol of the published samplers. NaN becomes 0.
 *
 * @param x Floats of any shape, about [-1, 1]. Borrowed.
 * @returns As many bytes; the caller owns them.
 */
export function floatsToPixels(x: Float32Array): Uint8Array {
  return Uint8Array.from(x, (v) => Math.min(255, Math.max(0, Math.floor(127.5 * v + 128))));
}
