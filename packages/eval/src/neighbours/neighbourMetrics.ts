import { checkPositive } from '../metrics/checks';
import type { FeatureRows } from '../metrics/featureRows';
import { centreOf, errorBound, exactDistance, forEachBlock, lessError, prepareRows } from './distances';
import type { BlockOptions, PreparedRows, ProductBlock } from './distances';
import { squaredRadii } from './radii';

/**
 * Whether a point at exactly the radius is inside of a ball: `<=` in torch-fidelity and the ADM evaluator, `<` in prdc.
 */
export type Boundary = '<' | '<=';

/** Which balls: of radius k-th nearest neighbour, open or closed. */
export interface BallOptions {
  /** Which neighbour gives the radius. */
  k?: number;
  boundary?: Boundary;
}

/** Options of {@link neighbourMetrics}. */
export interface NeighbourMetricsOptions extends BlockOptions {
  /** Balls of precision and recall. Default k = 3, `<=`; null leaves them out. */
  precisionRecall?: BallOptions | null;
  /** Balls of density and coverage. Default k = 5, `<`; null leaves them out. */
  densityCoverage?: BallOptions | null;
}

/** Improved precision and recall. */
export interface PrecisionRecall {
  /** Share of generated rows inside of some ball of a real row. */
  readonly precision: number;
  /** Share of real rows inside of some ball of a generated row. */
  readonly recall: number;
  /** Their harmonic mean, 2 precision recall / (precision + recall); 0 if both are 0. */
  readonly fScore: number;
  readonly k: number;
  readonly boundary: Boundary;
}

/** Density and coverage. */
export interface DensityCoverage {
  /** Pairs of a generated row inside of the ball of a real row, over k times the generated rows. May exceed 1. */
  readonly density: number;
  /** Share of real rows whose ball has a generated row inside. */
  readonly coverage: number;
  readonly k: number;
  readonly boundary: Boundary;
}

/** What {@link neighbourMetrics} gives, with the choices that it depends on. */
export interface NeighbourMetrics {
  readonly precisionRecall: PrecisionRecall | null;
  readonly densityCoverage: DensityCoverage | null;
  readonly realCount: number;
  readonly fakeCount: number;
}

/** Balls of one radius around the rows of both sets, and what has been found in them. */
interface Balls {
  readonly k: number;
  readonly boundary: Boundary;
  readonly real: Float64Array;
  readonly fake: Float64Array;
  /** Whether a generated row is inside of a ball of a real one, [fake]. */
  readonly fakeInside: Uint8Array;
  /** Whether a real row is inside of a ball of a generated one, [real]. */
  readonly realInside: Uint8Array;
  /** Whether the ball of a real row has a generated one inside, [real]. */
  readonly covered: Uint8Array;
  /** Pairs of a generated row inside of the ball of a real one. */
  pairs: number;
}

/** Notes which of both rows is inside of the other's ball. `exact` is called only where rounding could decide. */
function notePair(balls: Balls, i: number, j: number, low: number, high: number, exact: () => number): void {
  const isInside = (radius: number) => {
    if (high < radius) return true;
    if (low > radius) return false;
    return balls.boundary === '<' ? exact() < radius : exact() <= radius;
  };
  if (isInside(balls.real[i] ?? 0)) {
    balls.fakeInside[j] = 1;
    balls.covered[i] = 1;
    balls.pairs++;
  }
  if ((balls.realInside[i] ?? 0) === 0 && isInside(balls.fake[j] ?? 0)) balls.realInside[i] = 1;
}

/** The larger radius of a row among several kinds of balls. */
function largest(radii: readonly Float64Array[]): Float64Array {
  return (radii[0] ?? new Float64Array()).map((_, i) => Math.max(...radii.map((values) => values[i] ?? 0)));
}

/** What stays the same while the pairs of both sets are counted. */
interface Counting {
  readonly balls: readonly Balls[];
  readonly real: PreparedRows;
  readonly fake: PreparedRows;
  /** |x|^2 of each row, less the share of it that may be rounding. */
  readonly lowest: readonly [real: Float64Array, fake: Float64Array];
  /** The largest radius of each row. */
  readonly reach: readonly [real: Float64Array, fake: Float64Array];
  readonly errorShare: number;
}

/** A pair that may be inside of a ball, given the lower bound of its distance. */
function countPair({ balls, real, fake, errorShare }: Counting, i: number, j: number, low: number): void {
  const high = low + 2 * errorShare * ((real.squares[i] ?? 0) + (fake.squares[j] ?? 0));
  let distance: number | null = null;
  const exact = () => {
    distance ??= exactDistance(real.features.rows(i, i + 1).slice(), fake.features.rows(j, j + 1));
    return distance;
  };
  for (const one of balls) notePair(one, i, j, low, high, exact);
}

function countBlock(
  counting: Counting,
  { rowStart, rowEnd, columnStart, columnEnd, products }: ProductBlock,
): void {
  const [lowReal, lowFake] = counting.lowest;
  const [reachReal, reachFake] = counting.reach;
  const columns = columnEnd - columnStart;
  for (let i = rowStart; i < rowEnd; i++) {
    const [ofRow, reach] = [lowReal[i] ?? 0, reachReal[i] ?? 0];
    const base = (i - rowStart) * columns - columnStart;
    for (let j = columnStart; j < columnEnd; j++) {
      const low = ofRow + (lowFake[j] ?? 0) - 2 * (products[base + j] ?? 0);
      if (low <= reach || low <= (reachFake[j] ?? 0)) countPair(counting, i, j, low); // few pairs
    }
  }
}

const shareOf = (flags: Uint8Array) => flags.reduce((sum, flag) => sum + flag, 0) / flags.length;

function precisionRecallOf({ k, boundary, fakeInside, realInside }: Balls): PrecisionRecall {
  const [precision, recall] = [shareOf(fakeInside), shareOf(realInside)];
  const sum = precision + recall;
  return { precision, recall, fScore: sum === 0 ? 0 : (2 * precision * recall) / sum, k, boundary };
}

/**
 * Improved precision and recall, density and coverage, from balls around each row that reach to its k-th nearest other
 * row. Ties and near-ties are decided in float64, so counts do not depend on the backend.
 *
 * Distances come in blocks from products on the active backend of tfjs, |x|^2 + |y|^2 - 2 x.y, with a bound of their
 * error; a pair that is nearer to a radius than that is computed again. Besides the features this takes 16 B D + 8 B^2
 * bytes for blocks of B = `blockRows` rows and 12 (k + 29) bytes a row: 120 MiB for 50,000 rows of 2048, and what waits
 * for the garbage collector.
 *
 * @param real Features of the data set.
 * @param fake Features of what was generated.
 * @throws RangeError if dimensions differ, or k is not from 1 to the rows of the smaller set less one.
 * @see Kynkäänniemi et al., arXiv:1904.06991; Naeem et al., arXiv:2002.09797.
 */
export async function neighbourMetrics(
  real: FeatureRows,
  fake: FeatureRows,
  options: NeighbourMetricsOptions = {},
): Promise<NeighbourMetrics> {
  const { precisionRecall = {}, densityCoverage = {}, onProgress, ...blocks } = options;
  const caller = 'neighbourMetrics';
  if (real.dimension !== fake.dimension) {
    throw new RangeError(
      `${caller}: both sets must have rows of ${real.dimension} features, got ${fake.dimension}. They must come from the same network.`,
    );
  }
  if (blocks.blockRows !== undefined) checkPositive(caller, 'blockRows', blocks.blockRows);
  const smaller = Math.min(real.count, fake.count);
  const wanted = [
    precisionRecall && { k: 3, boundary: '<=' as Boundary, ...precisionRecall },
    densityCoverage && { k: 5, boundary: '<' as Boundary, ...densityCoverage },
  ];
  const kinds = wanted.filter((one) => one !== null);
  for (const { k } of kinds) {
    checkPositive(caller, 'k', k);
    if (k >= smaller) {
      throw new RangeError(
        `${caller}: k must be below the ${smaller} rows of the smaller set, got ${k}. Use more images or a smaller k.`,
      );
    }
  }
  const [realCount, fakeCount] = [real.count, fake.count];
  if (kinds.length === 0) return { precisionRecall: null, densityCoverage: null, realCount, fakeCount };

  const centre = centreOf(real);
  const sets = [prepareRows(real, centre), prepareRows(fake, centre)] as const;
  // Three passes over about n^2 / 2, m^2 / 2 and n m pairs.
  const work = [realCount ** 2 / 2, fakeCount ** 2 / 2, realCount * fakeCount];
  const total = work.reduce((sum, pairs) => sum + pairs, 0);
  const pass = (number: number): BlockOptions => {
    const before = work.slice(0, number).reduce((sum, pairs) => sum + pairs, 0);
    const report = (share: number) => onProgress?.((before + share * (work[number] ?? 0)) / total);
    return { ...blocks, onProgress: report };
  };
  const ks = kinds.map(({ k }) => k);
  const realRadii = await squaredRadii(sets[0], ks, pass(0));
  const fakeRadii = await squaredRadii(sets[1], ks, pass(1));
  const all = kinds.map((kind, i): Balls => ({
    ...kind,
    real: realRadii[i] ?? new Float64Array(),
    fake: fakeRadii[i] ?? new Float64Array(),
    fakeInside: new Uint8Array(fakeCount),
    realInside: new Uint8Array(realCount),
    covered: new Uint8Array(realCount),
    pairs: 0,
  }));
  const reach = [largest(realRadii), largest(fakeRadii)] as const;
  let counting: Counting | null = null;
  await forEachBlock(...sets, false, pass(2), (block) => {
    if (counting === null) {
      const errorShare = errorBound(...sets, block);
      const lowest = [lessError(sets[0], errorShare), lessError(sets[1], errorShare)] as const;
      counting = { balls: all, real: sets[0], fake: sets[1], lowest, reach, errorShare };
    }
    countBlock(counting, block);
  });
  const [first] = all;
  const last = all.at(-1);
  const density = densityCoverage === null || last === undefined ? null : last;
  return {
    precisionRecall: precisionRecall === null || first === undefined ? null : precisionRecallOf(first),
    densityCoverage: density && {
      density: density.pairs / (density.k * fakeCount),
      coverage: shareOf(density.covered),
      k: density.k,
      boundary: density.boundary,
    },
    realCount,
    fakeCount,
  };
}
