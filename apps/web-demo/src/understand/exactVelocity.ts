/**
 * The velocity of the flow that carries noise to the given points, exactly: v(z, t) = E[e - x | z] = (z - E[x | z]) / t,
 * the mean over the points x weighted by how likely each led to z = (1 - t) x + t e, exp(-|z - (1 - t) x|^2 / (2 t^2)).
 *
 * It is what both objectives have to learn from single pairs (x, e), and what a network can be held against: the
 * difference e - x of a pair scatters around it, since paths of different pairs cross.
 *
 * @param points Data, [N, 2] row by row, each equally likely.
 * @param z Points at the times `t`, [B, 2] row by row.
 * @param t Times in (0, 1], [B].
 * @returns v, [B, 2].
 * @see Lipman et al., "Flow Matching for Generative Modeling", arXiv:2210.02747, Eq. 8.
 */
export function exactVelocity(points: Float32Array, z: Float32Array, t: Float32Array): Float32Array {
  const v = new Float32Array(z.length);
  const exponents = new Float64Array(points.length / 2);
  for (let i = 0; i < t.length; i++) {
    const [time, zx, zy] = [t[i] ?? NaN, z[2 * i] ?? NaN, z[2 * i + 1] ?? NaN];
    let largest = -Infinity;
    for (let j = 0; j < exponents.length; j++) {
      const dx = zx - (1 - time) * (points[2 * j] ?? NaN);
      const dy = zy - (1 - time) * (points[2 * j + 1] ?? NaN);
      const exponent = -(dx * dx + dy * dy) / (2 * time * time);
      exponents[j] = exponent;
      if (exponent > largest) largest = exponent;
    }
    let [sum, x, y] = [0, 0, 0];
    for (let j = 0; j < exponents.length; j++) {
      const weight = Math.exp((exponents[j] ?? NaN) - largest);
      sum += weight;
      x += weight * (points[2 * j] ?? NaN);
      y += weight * (points[2 * j + 1] ?? NaN);
    }
    v[2 * i] = (zx - x / sum) / time;
    v[2 * i + 1] = (zy - y / sum) / time;
  }
  return v;
}
