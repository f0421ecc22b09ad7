export { adamNumbers } from './adamNumbers';
export type { AdamOptions, UpdateOptions } from './adamNumbers';
export type { TrainBatch } from './batchParts';
export { checkpointFiles, decodeCheckpoint, decodeCheckpointWeights, encodeCheckpoint } from './checkpoint';
export type {
  Checkpoint,
  CheckpointFileName,
  CheckpointOptions,
  CheckpointReader,
  CheckpointWeights,
} from './checkpoint';
export { clipFactor, globalNorm } from './clip';
export { imageGrid, toPixels } from './imageGrid';
export type { ImageBatch, ImageGridOptions } from './imageGrid';
export { canonicalJson } from './json';
export type { JsonValue } from './json';
export { lossGradients } from './lossGradients';
export type { BatchTensors, LossGradients } from './lossGradients';
export { encodePng } from './rgbImage';
export type { Rgb, RgbImage } from './rgbImage';
export { scatterImage } from './scatterImage';
export type { ScatterOptions, ScatterSeries } from './scatterImage';
export { learningRateAt } from './schedule';
export type { LearningRateSchedule } from './schedule';
export { sha256 } from './sha256';
export { stepName } from './stepName';
export { createTrainState, restoreTrainState, snapshotTrainState, toVariables } from './trainState';
export type { TrainSnapshot, TrainState, Variables } from './trainState';
export { createTrainer } from './trainer';
export type { StepReport, Trainer, TrainSettings } from './trainer';
export { checkWeights, readWeights, toWeights } from './weights';
export type { HostTensor, HostWeights, WeightShape, Weights } from './weights';
export { decodeWeights, encodeWeights } from './weightsFile';
export type { WeightsFile } from './weightsFile';
