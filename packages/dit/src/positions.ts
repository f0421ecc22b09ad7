/**
 * Fixed sine-cosine positions of a grid of tokens, [rows * columns, D] in row-major order.
 *
 * Token (i, j) has [e(j), e(i)], the column first, with e(m) = [sin(m w), cos(m w)] and
 * w_k = 10000^(-k / (D / 4)), k = 0 ... D / 4 - 1, as in the published code.
 *
 * @param grid Rows and columns of tokens.
 * @param width D, divisible by 4.
 */
export function sincosPositions(grid: readonly [rows: number, columns: number], width: number): Float32Array {
  const [rows, columns] = grid;
  const quarter = width / 4;
  const table = new Float32Array(rows * columns * width);
  for (let token = 0; token < rows * columns; token++) {
    const place = [token % columns, Math.floor(token / columns)];
    for (const [axis, m] of place.entries()) {
      const start = token * width + axis * 2 * quarter;
      for (let k = 0; k < quarter; k++) {
        const angle = m * 10000 ** (-k / quarter);
        table[start + k] = Math.sin(angle);
        table[start + quarter + k] = Math.cos(angle);
      }
    }
  }
  return table;
}
