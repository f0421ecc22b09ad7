import type { ObjectiveConfig } from '@meanflow/train/run';
import type { SampleGrid, StepNumbers } from './history';

/** What a data set is to a visitor. */
export interface DataSummary {
  readonly name: string;
  readonly count: number;
  readonly side: readonly [height: number, width: number];
  readonly channels: number;
  /** 0: no labels. */
  readonly numClasses: number;
  readonly classNames: readonly string[];
  /** The first images, as pixels. */
  readonly preview: SampleGrid;
  /** A sentence about files that were left out; null if there are none. */
  readonly note: string | null;
}

/** A training that is open. */
export interface RunSummary {
  readonly step: number;
  readonly steps: number;
  /** Number of trainable numbers. */
  readonly weights: number;
  readonly objective: ObjectiveConfig['kind'];
  readonly batchSize: number;
  readonly lr: number;
  readonly seed: number;
  readonly data: Omit<DataSummary, 'preview' | 'note'>;
  readonly points: readonly StepNumbers[];
  readonly grids: readonly SampleGrid[];
  /** Sentences that the visitor should read. */
  readonly notes: readonly string[];
}

/** A training of an earlier visit, which can be gone on with. */
export interface KeptSummary {
  readonly step: number;
  readonly steps: number;
  readonly objective: ObjectiveConfig['kind'];
  readonly dataName: string;
  /** Its latest samples; null if it has drawn none. */
  readonly grid: SampleGrid | null;
  readonly classCount: number;
}

/** What there is when the page opens. */
export interface Opening {
  readonly kept: KeptSummary | null;
  /** Sentences about storage that does not work, or a kept training that is damaged. */
  readonly problems: readonly string[];
}

/** What a training tells while it goes on. */
export type TrainEvent =
  | {
      readonly kind: 'steps';
      readonly points: readonly StepNumbers[];
      readonly step: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | { readonly kind: 'samples'; readonly grid: SampleGrid }
  | { readonly kind: 'saved'; readonly step: number; readonly bytes: number }
  /** It could not be kept; the sentence says why, and what is there. */
  | { readonly kind: 'unsaved'; readonly sentence: string }
  | { readonly kind: 'progress'; readonly sentence: string }
  | { readonly kind: 'note'; readonly sentence: string }
  | {
      readonly kind: 'ended';
      readonly step: number;
      readonly isFinished: boolean;
      readonly failure: string | null;
    };

export type TrainListener = (event: TrainEvent) => void;
