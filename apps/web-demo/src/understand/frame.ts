/** What a visitor looks at. */
export interface ViewSettings {
  /** Interval of the field, 0 <= r <= t <= 1. */
  readonly r: number;
  readonly t: number;
  /** Network calls for a sample of MeanFlow. */
  readonly calls: number;
  /** Euler steps for a sample of flow matching. */
  readonly steps: number;
  /** Whether anybody looks: otherwise only the curves are kept. */
  readonly isWatched: boolean;
}

/** Pictures of both networks; points and vectors are pairs, row by row. */
export interface Pictures {
  /** MeanFlow's way from noise to samples, [calls + 1, particles, 2]. */
  readonly meanFlow: Float32Array;
  /** Flow matching's, [steps + 1, particles, 2]. */
  readonly flowMatching: Float32Array;
  /** Where a single Euler step of flow matching ends, [particles, 2]. */
  readonly oneStep: Float32Array;
  /** u(z, r, t) of MeanFlow's network on the grid, [gridSize^2, 2], rows from below. */
  readonly field: Float32Array;
  /** Data on its way at time t, z = (1 - t) x + t e, [cloud, 2]. */
  readonly cloud: Float32Array;
  /** Where one call carries the cloud, z - (t - r) u(z, r, t), [cloud, 2]. */
  readonly carried: Float32Array;
}

/** How good the samples are; see {@link Distances}. */
export interface Quality {
  /** Energy distance to the data: MeanFlow in one call, flow matching in one step and in `steps`. */
  readonly meanFlowOne: number;
  readonly flowMatchingOne: number;
  readonly flowMatchingMany: number;
  /** Mean distance to the nearest point of the data, of MeanFlow's samples of one call and of flow matching's of all steps. */
  readonly meanFlowNearest: number;
  readonly flowMatchingNearest: number;
  /** Mean of |u - (v - (t - r) du/dt)|, for MeanFlow and for flow matching's velocity in the place of u. */
  readonly residual: number;
  readonly residualOfVelocity: number;
  /** The flow-matching loss of the exact velocity: what no network can go below. */
  readonly leastLoss: number;
}

/** Means of the losses over the steps since the last report. */
export interface LossReport {
  readonly meanFlow: number;
  readonly meanFlowInstant: number;
  readonly flowMatching: number;
}

/** What a session reports. */
export interface Frame {
  readonly step: number;
  readonly isRunning: boolean;
  /** Steps of both networks a second, over the latest second or so; null before the first. */
  readonly rate: number | null;
  /** Null if there was no step since the last frame. */
  readonly losses: LossReport | null;
  /** Null while nobody looks. */
  readonly pictures: Pictures | null;
  /** Present where it was measured anew. */
  readonly quality: Quality | null;
}

/** Points of the grid along each side. */
export const gridSize = 19;
/** The plane is shown over [-extent, extent]^2. */
export const extent = 3;

/**
 * Below what samples count as right: an energy distance of a few times what two draws of the data differ by, and a
 * sample no further off the data on average than a pencil's stroke is wide.
 */
export const rightBelow = { energy: 0.01, nearest: 0.08 } as const;

/** Whether samples are right. */
export const isRight = (energy: number, nearest: number): boolean =>
  energy < rightBelow.energy && nearest < rightBelow.nearest;
