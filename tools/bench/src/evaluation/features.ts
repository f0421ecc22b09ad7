const MULTIPLIER = 1_664_525;
const INCREMENT = 1_013_904_223;

/** Numbers in [-1/2, 1/2) from a state. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
    return state / 2 ** 32;
  };
}

/** Rows of features of unequal spread, neighbours correlated; each set and first row gives others. */
export function correlatedFeatures(
  set: number,
  firstRow: number,
  rows: number,
  features: number,
): Float32Array {
  const next = generator(1 + set + 7919 * firstRow);
  const noise = Float32Array.from({ length: rows * features + 1 }, next);
  return Float32Array.from({ length: rows * features }, (_, i) => {
    const spread = 0.2 + (i % features) / features + 0.1 * set;
    return spread * ((noise[i] ?? 0) + 0.5 * (noise[i + 1] ?? 0)) + 0.05 * set;
  });
}

/** Rows around ten centres that two sets share, each with a spread of its own, so that neighbours are not all alike. */
export function clusteredFeatures(set: number, rows: number, features: number): Float32Array {
  const centres = Array.from({ length: 10 }, (_, centre) => {
    const next = generator(97 + centre);
    return Float32Array.from({ length: features }, next);
  });
  const next = generator(1 + set);
  const data = new Float32Array(rows * features);
  for (let row = 0; row < rows; row++) {
    const centre = centres[row % centres.length];
    const spread = 0.5 + Math.abs(next() + next());
    for (let j = 0; j < features; j++)
      data[row * features + j] = (centre?.[j] ?? 0) + spread * (next() + next()) + 0.01 * set;
  }
  return data;
}
