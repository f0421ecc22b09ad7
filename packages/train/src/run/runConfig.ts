import type { JsonValue } from '../json';

// What of a run's configuration decides its numbers. The trainer's own schema fills in the defaults; here everything is
// there. Configurations travel in the metadata of every weights file.

/** A diffusion transformer: see `DiTConfig`. */
export interface DiTModelConfig {
  readonly kind: 'dit';
  readonly patchSize: number;
  readonly depth: number;
  readonly hiddenSize: number;
  readonly numHeads: number;
  readonly mlpRatio: number;
}

/** A network for points: see `MlpConfig`. */
export interface MlpModelConfig {
  readonly kind: 'mlp';
  readonly depth: number;
  readonly hiddenSize: number;
}

/** A network, up to what its data decide. */
export type ModelConfig = DiTModelConfig | MlpModelConfig;

/** How a single time is drawn. */
export interface TimesConfig {
  readonly distribution: 'logit-normal' | 'uniform';
  readonly mean: number;
  readonly std: number;
}

/** Loss of a sample to its weighted loss, L / (L + eps)^p. */
export interface WeightingConfig {
  readonly p: number;
  readonly eps: number;
}

/** Guidance that is trained in. */
export interface GuidanceConfig {
  readonly omega: number;
  readonly kappa: number;
  readonly tStart: number;
  readonly tEnd: number;
}

/** See `meanFlow`. */
export interface MeanFlowConfig {
  readonly kind: 'meanflow';
  readonly times: TimesConfig & { readonly instantFraction: number };
  readonly guidance: GuidanceConfig | null;
  readonly labelDropout: number;
  readonly weighting: WeightingConfig;
}

/** See `flowMatching`. */
export interface FlowMatchingConfig {
  readonly kind: 'flow-matching';
  readonly times: TimesConfig;
  readonly guidance: GuidanceConfig | null;
  readonly labelDropout: number;
  readonly weighting: WeightingConfig;
}

/** What is minimised. */
export type ObjectiveConfig = MeanFlowConfig | FlowMatchingConfig;

/** How the weights are updated. */
export interface OptimizerConfig {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly schedule: { readonly kind: 'constant' | 'cosine'; readonly warmupSteps: number };
  readonly clipNorm: number | null;
  /** Parts of a batch, one after the other. */
  readonly accumulate: number;
  readonly recompute: boolean;
  readonly maxSkips: number;
}

/** How a step is compiled, where its backend has a compiler. */
export interface CompileConfig {
  readonly mode: 'fused' | 'graph' | 'xla' | 'off';
  readonly bfloat16: boolean;
  /** Parts of a batch side by side; null: as cores allow. */
  readonly shards: number | null;
}

/** The part of a run's configuration that decides its numbers, once its data are open. */
export interface RunConfig {
  /** Where the samples come from; what else it says is the application's business. */
  readonly data: { readonly kind: string };
  readonly model: ModelConfig;
  readonly objective: ObjectiveConfig;
  readonly optimizer: OptimizerConfig;
  readonly ema: { readonly decay: number };
  readonly batchSize: number;
  readonly steps: number;
  readonly seed: number;
  readonly compile: CompileConfig;
}

/** What a model has to know of its data: enough to sample without them. It is written into every checkpoint. */
export interface DatasetInfo {
  readonly name: string;
  /** Samples in the set. */
  readonly count: number;
  /** [height, width, channels] of an image, [dimension] of a point. */
  readonly sampleShape: readonly number[];
  /** 0: no labels. */
  readonly numClasses: number;
}

/** What every weights file of a run carries in its metadata: the configuration, and what the model knows of its data. */
export function checkpointConfig(
  config: Readonly<Record<string, JsonValue>>,
  dataset: DatasetInfo,
): JsonValue {
  return { ...config, dataset: { ...dataset } };
}
