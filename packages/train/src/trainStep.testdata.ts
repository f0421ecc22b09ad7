import type { Draws } from '@meanflow/core';
import type { TrainBatch } from './batchParts';
import { createTrainer } from './trainer';
import type { StepReport, TrainSettings } from './trainer';
import type { TrainState } from './trainState';

/** One step of a trainer of its own. */
export async function trainStep<N>(
  state: TrainState,
  batch: TrainBatch,
  draws: Draws,
  settings: TrainSettings<N>,
): Promise<StepReport> {
  const trainer = createTrainer(state, settings);
  try {
    return await trainer.step(batch, draws);
  } finally {
    trainer.dispose();
  }
}
