import type { StoredSample } from '../source';
import type { OrderedSample } from './sampleOrder';

/** A sample at its place in the stream. */
export interface PlacedSample {
  readonly ordered: OrderedSample;
  /** Null if it is damaged, which has been reported. */
  readonly sample: StoredSample | null;
}

/** Fetches samples by their place in the stream. */
export interface SampleReader {
  /** Which sample stands at a position. */
  readonly at: (position: number) => OrderedSample;
  /**
   * The samples of one batch.
   *
   * @param positions Positions of this rank, in order, each after those of the call before.
   */
  take(positions: readonly number[]): Promise<PlacedSample[]>;
  /** A sample out of turn, which stays where it is; null if it is damaged. */
  peek(position: number): Promise<PlacedSample>;
  /** Stops reading. Calls that are waiting fail. */
  close(): Promise<void>;
}

/** What a reader is told of the stream that it serves. */
export interface ReaderPlace {
  /** First position that will be taken. */
  readonly start: number;
  readonly rank: number;
  readonly worldSize: number;
  readonly signal: AbortSignal;
}
