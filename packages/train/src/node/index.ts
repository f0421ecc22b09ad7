export type { Checkpoint, CheckpointWeights } from './checkpointFolder';
export {
  cleanCheckpoints,
  loadCheckpoint,
  loadCheckpointWeights,
  saveCheckpoint,
  stepName,
} from './checkpoints';
export type { Loaded, SaveOptions } from './checkpoints';
export { replaceDurably } from './durableFiles';
export { openMetricsLog } from './metricsLog';
export type { MetricsLog, MetricsRecord } from './metricsLog';
export { openRunDirectory, runPaths } from './runDirectory';
export type { RunDirectory, RunPaths } from './runDirectory';
export { acquireRunLock } from './runLock';
export type { RunLock } from './runLock';
export { openEventFile } from './tensorboard';
export type { EventFileOptions, EventWriter } from './tensorboard';
