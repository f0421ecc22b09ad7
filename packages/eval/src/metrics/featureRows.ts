import { checkPositive, checkRows } from './checks';

/** Features of many images: rows of finite numbers that are read in pieces. */
export interface FeatureRows {
  /** Rows. */
  readonly count: number;
  /** Features of a row, D. */
  readonly dimension: number;
  /**
   * Rows from `start` up to but not including `end`, row-major. They may be a view, so they must not be changed, and are
   * valid until the next call.
   */
  rows(start: number, end: number): Float32Array | Float64Array;
}

/**
 * Rows that lie in one array.
 *
 * @param data [n, dimension], row-major. Borrowed.
 * @throws RangeError if it does not hold whole rows of finite numbers.
 */
export function featureRows(data: Float32Array | Float64Array, dimension: number): FeatureRows {
  checkPositive('featureRows', 'dimension', dimension);
  const count = checkRows('featureRows', data, dimension);
  return {
    count,
    dimension,
    rows: (start, end) => data.subarray(start * dimension, end * dimension),
  };
}

/** Features that come bit by bit and are kept. */
export interface FeatureStore extends FeatureRows {
  /**
   * Appends a copy of rows, [n, dimension] row-major.
   *
   * @throws RangeError if they are not whole rows of finite numbers; nothing is added then.
   */
  add(rows: Float32Array | Float64Array): void;
}

/** Numbers in a piece of a store: 8 MiB. */
const PIECE = 2 ** 21;

/**
 * A growing set of rows in float32. It takes 4 bytes a number and at most one piece of 8 MiB more: nothing is copied when
 * it grows.
 *
 * @throws RangeError if the dimension is not a positive integer.
 */
export function createFeatureStore(dimension: number): FeatureStore {
  checkPositive('createFeatureStore', 'dimension', dimension);
  const rowsPerPiece = Math.max(1, Math.floor(PIECE / dimension));
  const pieces: Float32Array[] = [];
  let count = 0;
  /** Calls `use` with the part of each piece that holds rows from `start` to `end`. */
  function forEachPart(start: number, end: number, use: (part: Float32Array, row: number) => void): void {
    for (let row = start; row < end;) {
      const [number, first] = [Math.floor(row / rowsPerPiece), row % rowsPerPiece];
      const taken = Math.min(rowsPerPiece - first, end - row);
      const piece = (pieces[number] ??= new Float32Array(rowsPerPiece * dimension));
      use(piece.subarray(first * dimension, (first + taken) * dimension), row - start);
      row += taken;
    }
  }
  return {
    dimension,
    get count() {
      return count;
    },
    add: (rows) => {
      const added = checkRows('featureStore.add', rows, dimension, count);
      forEachPart(count, count + added, (part, row) => {
        part.set(rows.subarray(row * dimension, row * dimension + part.length));
      });
      count += added;
    },
    rows: (start, end) => {
      const isOnePiece = Math.floor(start / rowsPerPiece) === Math.floor((end - 1) / rowsPerPiece);
      let whole = new Float32Array(isOnePiece ? 0 : (end - start) * dimension);
      forEachPart(start, end, (part, row) => {
        if (isOnePiece) whole = part as Float32Array<ArrayBuffer>;
        else whole.set(part, row * dimension);
      });
      return whole;
    },
  };
}
