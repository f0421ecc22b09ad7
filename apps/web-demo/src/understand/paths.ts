/** Ways of particles through the plane, [stops, particles, 2]. */
export interface Paths {
  readonly values: Float32Array;
  readonly particles: number;
}

/** Number of stops of each way. */
export const stopsOf = ({ values, particles }: Paths): number => values.length / (2 * particles);

/** Where all particles are after a share of the way, in [0, 1]; every stop takes the same time. */
export function positionsAt(paths: Paths, share: number): Float32Array {
  const { values, particles } = paths;
  const last = stopsOf(paths) - 1;
  const exact = Math.min(Math.max(share, 0), 1) * last;
  const stop = Math.min(Math.floor(exact), last - 1);
  const part = exact - stop;
  const size = 2 * particles;
  const positions = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const from = values[stop * size + i] ?? NaN;
    positions[i] = from + part * ((values[(stop + 1) * size + i] ?? NaN) - from);
  }
  return positions;
}

/** The corners of one particle's way up to a share of it, x and y in turn. */
export function wayOf(paths: Paths, particle: number, share: number): number[] {
  const { values, particles } = paths;
  const exact = Math.min(Math.max(share, 0), 1) * (stopsOf(paths) - 1);
  const whole = Math.floor(exact);
  const at = (stop: number) => {
    const i = 2 * (stop * particles + particle);
    return [values[i] ?? NaN, values[i + 1] ?? NaN] as const;
  };
  const corners: number[] = [];
  for (let stop = 0; stop <= whole; stop++) corners.push(...at(stop));
  if (exact > whole) {
    const [[x0, y0], [x1, y1]] = [at(whole), at(whole + 1)];
    corners.push(x0 + (exact - whole) * (x1 - x0), y0 + (exact - whole) * (y1 - y0));
  }
  return corners;
}

/** The particle that begins or ends closest to a place; null if none is within `reach`. */
export function nearestParticle(paths: Paths, x: number, y: number, reach: number): number | null {
  const { values, particles } = paths;
  const end = 2 * particles * (stopsOf(paths) - 1);
  let found: number | null = null;
  let least = reach;
  for (let i = 0; i < particles; i++) {
    for (const at of [2 * i, end + 2 * i]) {
      const distance = Math.hypot((values[at] ?? NaN) - x, (values[at + 1] ?? NaN) - y);
      if (distance < least) [found, least] = [i, distance];
    }
  }
  return found;
}

/**
 * Moves drawn values towards new ones, so that pictures that come a few times a second change smoothly.
 *
 * @param drawn Changed in place where the sizes are equal.
 * @param share How far, in [0, 1].
 * @returns What is drawn from now on.
 */
export function approach(drawn: Float32Array | null, target: Float32Array, share: number): Float32Array {
  if (drawn?.length !== target.length) return target.slice();
  for (let i = 0; i < drawn.length; i++) {
    const from = drawn[i] ?? NaN;
    drawn[i] = from + share * ((target[i] ?? NaN) - from);
  }
  return drawn;
}
