/** The numbers of a step that the page draws. */
export interface StepNumbers {
  readonly step: number;
  /** Unweighted: with the usual weighting the weighted one is always about 1. */
  readonly rawLoss: number;
  /** The flow-matching part. */
  readonly fmLoss: number | null;
  readonly loss: number;
  readonly gradNorm: number;
  readonly lr: number;
}

/** Samples after a step, as pixels. */
export interface SampleGrid {
  readonly step: number;
  /** [count, height, width, channels] with 1 or 3 channels. */
  readonly shape: readonly [number, number, number, number];
  /** 0 .. 255. */
  readonly pixels: Uint8Array;
}

const MOST_POINTS = 4000;
const MOST_GRIDS = 60;

/** What a training has given so far. It is bounded: of a long training every second, fourth, ... point is kept. */
export interface TrainHistory {
  readonly points: readonly StepNumbers[];
  readonly grids: readonly SampleGrid[];
  addPoint(point: StepNumbers): void;
  addGrid(grid: SampleGrid): void;
}

/** Every second element, the last one always. */
function thinned<T>(list: readonly T[]): T[] {
  return list.filter((_, i) => (list.length - 1 - i) % 2 === 0);
}

/**
 * A history that begins with what was kept of an earlier one.
 *
 * @param step Step that training goes on from: what lies beyond is left out.
 */
export function openHistory(
  kept: Partial<Pick<TrainHistory, 'points' | 'grids'>> = {},
  step = Infinity,
): TrainHistory {
  let points = (kept.points ?? []).filter((point) => point.step <= step);
  let grids = (kept.grids ?? []).filter((grid) => grid.step <= step);
  let stride = 1; // of the points that are still to come
  return {
    get points() {
      return points;
    },
    get grids() {
      return grids;
    },
    addPoint(point) {
      if (point.step % stride !== 0) return;
      points.push(point);
      if (points.length <= MOST_POINTS) return;
      points = thinned(points);
      stride *= 2;
    },
    addGrid(grid) {
      grids = [...grids.filter((other) => other.step < grid.step), grid];
      if (grids.length > MOST_GRIDS) grids = thinned(grids);
    },
  };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : NaN;
}

/** One step of `metrics.jsonl`; null for a line that is none, or half of one. */
function parseLine(line: string): StepNumbers | null {
  let record: Partial<Record<string, unknown>>;
  try {
    record = (JSON.parse(line) ?? {}) as typeof record;
  } catch {
    return null;
  }
  const [step, rawLoss] = [numberOf(record['step']), numberOf(record['rawLoss'] ?? record['loss'])];
  if (!Number.isSafeInteger(step) || Number.isNaN(rawLoss)) return null;
  const fmLoss = numberOf(record['fmLoss']);
  return {
    ...{ step, rawLoss, fmLoss: Number.isNaN(fmLoss) ? null : fmLoss },
    loss: numberOf(record['loss']),
    gradNorm: numberOf(record['gradNorm']),
    lr: numberOf(record['lr']),
  };
}

/** The points in a `metrics.jsonl`, of the page or of the trainer, in their order. */
export function parseMetrics(text: string): StepNumbers[] {
  const points = text.split('\n').flatMap((line) => parseLine(line) ?? []);
  return points.filter((point, i) => i === 0 || point.step > (points[i - 1]?.step ?? 0));
}

/** The points as a `metrics.jsonl`. */
export function encodeMetrics(points: readonly StepNumbers[]): string {
  return points.map((point) => `${JSON.stringify(point)}\n`).join('');
}
