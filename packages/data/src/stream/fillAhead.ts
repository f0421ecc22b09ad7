import type { PackedBatch } from './packRows';
import type { SampleReader } from './sampleReader';

/** What {@link fillAhead} needs. */
export interface FillOptions {
  /** First step. */
  readonly first: number;
  readonly batchSize: number;
  /** Batches that are filled ahead of the one that is taken. */
  readonly prefetch: number;
  /** Owned: it is closed with the batches. */
  readonly reader: SampleReader;
  /** Aborted when the batches are not needed any more. */
  readonly session: AbortController;
  readonly fill: (step: number) => Promise<PackedBatch>;
}

/** Batches of consecutive steps. */
export interface AheadBatches {
  /** Whether a batch is one of these, and not yet taken. */
  has(step: number, batchSize: number): boolean;
  take(step: number): Promise<PackedBatch>;
  /** Ends the filling once those who wait have got their batches. */
  retire(): void;
  /** Ends the filling at once. */
  end(): Promise<void>;
}

/** Fills the batches of consecutive steps ahead of their use. */
export function fillAhead(options: FillOptions): AheadBatches {
  const { first, batchSize, prefetch, reader, session, fill } = options;
  const filling = new Map<number, Promise<PackedBatch>>();
  const awaited = new Set<Promise<PackedBatch>>();
  let next = first;

  function schedule(end: number): void {
    for (; next < end; next++) {
      const batch = fill(next);
      batch.catch(() => undefined); // it is thrown by the `take` of this step
      filling.set(next, batch);
    }
  }
  async function end(): Promise<void> {
    session.abort(new Error('internal: the stream has moved on.'));
    filling.clear();
    await reader.close();
  }
  return {
    has: (step, size) => size === batchSize && (filling.has(step) || step === next),
    async take(step) {
      schedule(step + 1 + prefetch);
      const batch = filling.get(step);
      if (batch === undefined) throw new Error(`internal: step ${step} is not being filled.`);
      filling.delete(step);
      awaited.add(batch);
      try {
        return await batch;
      } finally {
        awaited.delete(batch);
      }
    },
    retire() {
      void Promise.allSettled(awaited).then(end);
    },
    end,
  };
}
