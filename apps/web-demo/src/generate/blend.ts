/** What is drawn between: four noises at the corners of a square. */
export interface Corners {
  readonly topLeft: Float32Array;
  readonly topRight: Float32Array;
  readonly bottomLeft: Float32Array;
  readonly bottomRight: Float32Array;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/**
 * Spherical interpolation: sin((1 - s) w) / sin(w) a + sin(s w) / sin(w) b, where w is the angle between a and b.
 *
 * Between independent normal vectors of many dimensions it keeps the length that such vectors have, which a straight
 * line does not: its middle is shorter by sqrt(2), and no noise that the network has ever seen.
 *
 * @param s Where, in [0, 1]: 0 is a, 1 is b.
 * @returns A new vector. Vectors that are parallel are interpolated along the line.
 */
export function slerp(a: Float32Array, b: Float32Array, s: number): Float32Array {
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const sine = Math.sin(angle);
  const isFlat = !(sine > 1e-6);
  const fromA = isFlat ? 1 - s : Math.sin((1 - s) * angle) / sine;
  const fromB = isFlat ? s : Math.sin(s * angle) / sine;
  return a.map((value, i) => fromA * value + fromB * (b[i] ?? 0));
}

/**
 * The noise at a point of a square: {@link slerp} along its upper and lower edges, and between these two.
 *
 * @param x From left to right, in [0, 1].
 * @param y From top to bottom, in [0, 1].
 */
export function blendCorners(
  { topLeft, topRight, bottomLeft, bottomRight }: Corners,
  x: number,
  y: number,
): Float32Array {
  return slerp(slerp(topLeft, topRight, x), slerp(bottomLeft, bottomRight, x), y);
}
