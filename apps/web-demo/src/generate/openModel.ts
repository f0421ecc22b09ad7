import { createProgram } from '@meanflow/compile';
import { toVariables, toWeights } from '@meanflow/train';
import { samplerOf } from '@meanflow/train/run';
import type { DatasetInfo, ObjectiveConfig } from '@meanflow/train/run';
import * as tf from '@tensorflow/tfjs-core';
import type { ReadModel } from '../load/readModel';

/** Samples on the host, and how long they took. */
export interface Drawn {
  /** [count, height, width, channels], about -1 .. 1. */
  readonly data: Float32Array;
  /** Time of the calls, from noise in memory to pixels in memory. */
  readonly milliseconds: number;
  /** Time of the first calls of this kind, in which the backend gets ready; null where it was. */
  readonly warmUp: number | null;
}

/** A model on the backend. */
export interface OpenModel {
  readonly kind: ObjectiveConfig['kind'];
  readonly dataset: DatasetInfo;
  readonly step: number | null;
  readonly weightCount: number;
  /**
   * Draws samples.
   *
   * @param noise [count, ...sampleShape]. Borrowed.
   * @param labels Class of each sample; ignored by a model without classes.
   * @param nfe Network calls one after the other.
   */
  draw(noise: Float32Array, labels: Int32Array, nfe: number): Promise<Drawn>;
  /** Frees its weights. */
  dispose(): void;
}

/** Puts a model on the active backend; the caller disposes it. */
export function openModel({
  kind,
  dataset,
  step,
  weightCount,
  model,
  objective,
  weights,
}: ReadModel): OpenModel {
  const variables = tf.tidy(() => toVariables(toWeights(weights)));
  const program = createProgram();
  const sampler = samplerOf(program, objective, () => model.network(variables));
  const warm = new Set<string>();

  const argumentsOf = (noise: Float32Array, labels: Int32Array, nfe: number) =>
    [
      tf.tensor(noise, [labels.length, ...dataset.sampleShape]),
      dataset.numClasses === 0 ? null : tf.tensor1d(labels, 'int32'),
      nfe,
    ] as const;

  async function run(noise: Float32Array, labels: Int32Array, nfe: number): Promise<Float32Array> {
    const drawn = tf.tidy(() => sampler(...argumentsOf(noise, labels, nfe)));
    try {
      return await drawn.data<'float32'>();
    } finally {
      drawn.dispose();
    }
  }

  return {
    ...{ kind, dataset, step, weightCount },
    async draw(noise, labels, nfe) {
      const form = `${labels.length} ${nfe}`;
      let warmUp: number | null = null;
      if (!warm.has(form)) {
        const begin = performance.now();
        await run(noise, labels, nfe);
        // Else the timed call would check what the first one recorded.
        tf.tidy(() => {
          sampler.prepare(...argumentsOf(noise, labels, nfe));
        });
        warmUp = performance.now() - begin;
        warm.add(form);
      }
      const begin = performance.now();
      const data = await run(noise, labels, nfe);
      return { data, milliseconds: performance.now() - begin, warmUp };
    },
    dispose() {
      program.dispose();
      tf.dispose(variables);
    },
  };
}
