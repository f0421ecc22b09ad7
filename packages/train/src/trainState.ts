import * as tf from '@tensorflow/tfjs-core';
import { checkWeights, readWeights, toWeights } from './weights';
import type { HostWeights, Weights } from './weights';

/** Variables by the names of the weights. */
export type Variables = Record<string, tf.Variable>;

/**
 * Everything that training changes. It owns its variables and lives until `dispose`.
 */
export interface TrainState {
  readonly weights: Variables;
  /** Averaged weights, which start at the initial ones. */
  readonly ema: Variables;
  /** Adam's mean of the gradient. */
  readonly m: Variables;
  /** Adam's mean of the squared gradient. */
  readonly v: Variables;
  /** Training steps done, the skipped ones included: the number of batches that were used. */
  step: number;
  /** Steps that were skipped since their loss or gradient was not finite; `step - skipped` updates were done. */
  skipped: number;
  /** How many of the latest steps were skipped without one between that was not. */
  skippedInRow: number;
  /** Disposes all variables. */
  dispose(): void;
}

/** A {@link TrainState} on the host: what a checkpoint holds. */
export interface TrainSnapshot {
  readonly weights: HostWeights;
  readonly ema: HostWeights;
  readonly m: HostWeights;
  readonly v: HostWeights;
  readonly step: number;
  readonly skipped: number;
  readonly skippedInRow: number;
}

/**
 * Variables that start at the given values; unnamed, so that several states can live at once.
 *
 * @param values Borrowed.
 * @param trainable Whether an optimizer of tfjs may change them. Default false.
 * @returns The caller owns them.
 */
export function toVariables(values: Readonly<Weights>, trainable = false): Variables {
  const entries = Object.entries(values).map(
    ([name, value]) => [name, tf.variable(value, trainable)] as const,
  );
  return Object.fromEntries(entries);
}

/** Variables of the same names and shapes, all zero. The caller owns them. */
export function zerosLikeVariables(variables: Variables): Variables {
  return tf.tidy(() => {
    const zeros = Object.entries(variables).map(
      ([name, variable]) => [name, tf.zerosLike(variable)] as const,
    );
    return toVariables(Object.fromEntries(zeros), false);
  });
}

function stateOf(records: Pick<TrainState, 'weights' | 'ema' | 'm' | 'v'>, counts: Counts): TrainState {
  const { weights, ema, m, v } = records;
  return {
    weights,
    ema,
    m,
    v,
    ...counts,
    dispose: () => {
      tf.dispose([weights, ema, m, v]);
    },
  };
}

type Counts = Pick<TrainState, 'step' | 'skipped' | 'skippedInRow'>;

/**
 * The state at the start of a training: the average at the initial weights, moments zero, step 0.
 *
 * @param initial Initial weights, float32. Borrowed: dispose them when you no longer need them.
 * @throws RangeError if there is no weight; TypeError if one is not float32.
 */
export function createTrainState(initial: Readonly<Weights>): TrainState {
  const entries = Object.entries(initial);
  if (entries.length === 0)
    throw new RangeError('createTrainState: initial must hold at least one weight, got none.');
  for (const [name, { dtype }] of entries) {
    if (dtype !== 'float32') throw new TypeError(`createTrainState: ${name} must be float32, got ${dtype}.`);
  }
  const records = tf.tidy(() => {
    const zeros = Object.fromEntries(entries.map(([name, weight]) => [name, tf.zerosLike(weight)]));
    return {
      weights: toVariables(initial, true),
      ema: toVariables(initial, false),
      m: toVariables(zeros, false),
      v: toVariables(zeros, false),
    };
  });
  return stateOf(records, { step: 0, skipped: 0, skippedInRow: 0 });
}

/**
 * Reads a state to the host.
 *
 * @param state Borrowed. It must not be trained on until the promise is fulfilled.
 */
export async function snapshotTrainState(state: TrainState): Promise<TrainSnapshot> {
  const { step, skipped, skippedInRow } = state;
  const [weights, ema, m, v] = await Promise.all([
    readWeights(state.weights),
    readWeights(state.ema),
    readWeights(state.m),
    readWeights(state.v),
  ]);
  return { weights, ema, m, v, step, skipped, skippedInRow };
}

/**
 * Makes the state that a snapshot was taken of; training goes on exactly where it was.
 *
 * @param snapshot Borrowed.
 * @throws RangeError if average or moments have other names or shapes than the weights.
 */
export function restoreTrainState(snapshot: TrainSnapshot): TrainState {
  const { step, skipped, skippedInRow } = snapshot;
  const expected = Object.entries(snapshot.weights).map(([name, { shape }]) => ({ name, shape }));
  for (const part of ['ema', 'm', 'v'] as const)
    checkWeights(expected, snapshot[part], `the snapshot's ${part}`);
  const load = (host: HostWeights, trainable: boolean) => toVariables(toWeights(host), trainable);
  const records = tf.tidy(() => ({
    weights: load(snapshot.weights, true),
    ema: load(snapshot.ema, false),
    m: load(snapshot.m, false),
    v: load(snapshot.v, false),
  }));
  return stateOf(records, { step, skipped, skippedInRow });
}
