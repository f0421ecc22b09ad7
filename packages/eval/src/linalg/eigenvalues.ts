import { tridiagonalize } from './tridiagonal';
import type { Tridiagonal } from './tridiagonal';
import type { Workspace } from './workspace';

const EPSILON = 2 ** -52;
const MAX_SWEEPS = 60;

/* eslint-disable @typescript-eslint/no-non-null-assertion -- the inner loops trust their indices */

/**
 * Eigenvalues of a symmetric tridiagonal matrix in no particular order, by implicit QL sweeps with Wilkinson's shift.
 * Spoils its argument.
 *
 * @see Golub and Van Loan, "Matrix Computations", 8.3.
 */
function tridiagonalEigenvalues({ diagonal, beside }: Tridiagonal): Float64Array {
  const n = diagonal.length;
  const [d, e] = [diagonal, new Float64Array(n)];
  e.set(beside);
  for (let first = 0; first < n; first++) {
    for (let sweep = 0; ; sweep++) {
      let last = first;
      while (last < n - 1 && Math.abs(e[last]!) > EPSILON * (Math.abs(d[last]!) + Math.abs(d[last + 1]!)))
        last++;
      if (last === first) break;
      if (sweep === MAX_SWEEPS) throw new Error('internal: the eigenvalues do not converge.');
      // A sweep from `last` up to `first`, shifted by the eigenvalue of the first 2 x 2 block that is nearer to d[first].
      const tilt = (d[first + 1]! - d[first]!) / (2 * e[first]!);
      const root = Math.hypot(tilt, 1);
      let g = d[last]! - d[first]! + e[first]! / (tilt + (tilt < 0 ? -root : root));
      let [sine, cosine, shift] = [1, 1, 0];
      let i = last - 1;
      for (; i >= first; i--) {
        const f = sine * e[i]!;
        const b = cosine * e[i]!;
        const r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= shift;
          e[last] = 0;
          break;
        }
        sine = f / r;
        cosine = g / r;
        const next = d[i + 1]! - shift;
        const t = (d[i]! - next) * sine + 2 * cosine * b;
        shift = sine * t;
        d[i + 1] = next + shift;
        g = cosine * t - b;
      }
      if (i >= first) continue; // the matrix fell apart at i + 1
      d[first]! -= shift;
      e[first] = g;
      e[last] = 0;
    }
  }
  return d;
}

/** Eigenvalues of the symmetric matrix [n, n] whose lower triangle is given, in no particular order. Spoils it. */
export function symmetricEigenvalues(
  workspace: Workspace,
  at: number,
  n: number,
  scratch: number,
): Float64Array {
  // Squares in the sweeps must neither overflow nor vanish.
  const { diagonal, beside } = tridiagonalize(workspace, at, n, scratch);
  const scale = [diagonal, beside].reduce(
    (most, values) => values.reduce((one, value) => Math.max(one, Math.abs(value)), most),
    0,
  );
  if (scale === 0) return diagonal;
  const scaled = (values: Float64Array) => values.map((value) => value / scale);
  return tridiagonalEigenvalues({ diagonal: scaled(diagonal), beside: scaled(beside) }).map(
    (value) => value * scale,
  );
}
