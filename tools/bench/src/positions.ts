/**
 * The fixed positions of a square grid of tokens for the peers, [side^2, width]: of the column, then of the row, each as
 * sines and cosines. The guard of the bench compares it with the table inside `@meanflow/dit`.
 */
export function sincosPositions(side: number, width: number): Float32Array {
  const quarter = width / 4;
  const feature = (place: number, k: number) => {
    const angle = place * 10000 ** (-(k % quarter) / quarter);
    return k < quarter ? Math.sin(angle) : Math.cos(angle);
  };
  return Float32Array.from({ length: side * side * width }, (_, i) => {
    const token = Math.floor(i / width);
    const k = i % width;
    const half = width / 2;
    return k < half ? feature(token % side, k) : feature(Math.floor(token / side), k - half);
  });
}
