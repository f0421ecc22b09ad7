import * as tf from '@tensorflow/tfjs-core';

/** A tangent and how many tensors hold it: a clone of a primal shares the tangent of its source. */
interface SharedTangent {
  readonly tensor: tf.Tensor;
  /** Whether the level disposes the tensor when its last holder dies. */
  readonly owned: boolean;
  holders: number;
}

/** How the tangents of a level relate to the reverse tape. */
export interface LevelOptions {
  /** Whether the operations that compute tangents are recorded on the reverse tape. */
  readonly differentiable: boolean;
}

/**
 * The tangents of one open `jvp`: a map from primal tensor (by id) to tangent.
 *
 * A tangent lives as long as a tensor that holds it: the trace reports every disposed tensor to {@link forget}.
 */
export class Level {
  /** Reverse tapes that were open when this level began: a deeper one was opened inside `f`. */
  gradientDepth = tf.engine().state.gradientDepth;
  /** Kernel depth when this level began: deeper calls run inside a custom gradient's forward function. */
  readonly kernelDepth = tf.engine().state.kernelDepth;
  readonly differentiable: boolean;
  private readonly byPrimal = new Map<number, SharedTangent>();

  constructor(options: LevelOptions) {
    this.differentiable = options.differentiable;
  }

  /** The tangent of a primal; undefined is zero. */
  get(primal: tf.Tensor): tf.Tensor | undefined {
    return this.byPrimal.get(primal.id)?.tensor;
  }

  /** Sets a primal's tangent without taking ownership. */
  borrow(primal: tf.Tensor, tangent: tf.Tensor): void {
    this.hold(primal, { tensor: tangent, owned: false, holders: 0 });
  }

  /** Sets a primal's tangent and takes ownership of it. */
  own(primal: tf.Tensor, tangent: tf.Tensor): void {
    // Kept: the scope of the operation that is running would dispose it.
    this.hold(primal, { tensor: tf.keep(tangent), owned: true, holders: 0 });
  }

  /** Gives `primal` the tangent of `source`, if that has one. */
  share(primal: tf.Tensor, source: tf.Tensor): void {
    const shared = this.byPrimal.get(source.id);
    if (shared !== undefined) this.hold(primal, shared);
  }

  /** Lets go of a disposed tensor's tangent. */
  forget(primal: tf.Tensor): void {
    const shared = this.byPrimal.get(primal.id);
    if (shared === undefined) return;
    this.byPrimal.delete(primal.id);
    shared.holders--;
    if (shared.holders === 0 && shared.owned) shared.tensor.dispose();
  }

  /** Lets go of all tangents. */
  dispose(): void {
    const all = new Set(this.byPrimal.values());
    this.byPrimal.clear();
    for (const shared of all) if (shared.owned) shared.tensor.dispose();
  }

  private hold(primal: tf.Tensor, shared: SharedTangent): void {
    shared.holders++;
    this.forget(primal);
    this.byPrimal.set(primal.id, shared);
  }
}
