import type * as tf from '@tensorflow/tfjs-core';

/** What a network says of a batch of images; tensors that the caller owns. */
export interface NetworkOutput {
  /** [B, D]: what FID and the others compare. */
  features: tf.Tensor2D;
  /** Scores of the classes, [B, classes], for the Inception Score. */
  logits?: tf.Tensor2D;
  /** Features that know where they are, [B, S], for sFID. */
  spatial?: tf.Tensor2D;
}

/**
 * A network that turns images into features. Results are only comparable between equal networks, so every result states
 * its name and hash.
 */
export interface FeatureNetwork {
  /** Under which results state it, e.g. `mnist-lenet`. */
  readonly name: string;
  /** SHA-256 of its weights file, in hexadecimal digits. */
  readonly hash: string;
  /** Height and width of the images that it takes; null: any, for it begins with a resizing of its own. */
  readonly inputSize: number | null;
  /** Channels of the images that it takes. */
  readonly channels: number;
  /** D, the number of features. */
  readonly featureSize: number;
  /** Images that it is best given at once: more take memory, fewer take time. */
  readonly batchSize: number;
  /** What it does to images before its first layer, in words, for the result. */
  readonly preprocessing: string;
  /**
   * Features of images.
   *
   * @param images [B, H, W, C], float32, 0 .. 255. Borrowed.
   */
  extract(images: tf.Tensor4D): NetworkOutput;
  /** Frees its weights. */
  dispose(): void;
}
