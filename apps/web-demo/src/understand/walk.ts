import { flowStep } from '@meanflow/core';
import type { Network } from '@meanflow/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The way of points from noise to data, with all its stops: z_r = z_t - (t - r) u(z_t, r, t) on a uniform grid of times.
 *
 * @param noise [B, 2]. Borrowed.
 * @param steps Number of network evaluations, at least 1.
 * @returns [steps + 1, B, 2], the noise first and the samples last; the caller owns it.
 */
export function walk(network: Network, noise: tf.Tensor, steps: number): tf.Tensor {
  const [batch = 0] = noise.shape;
  return tf.tidy(() => {
    const stops = [noise];
    for (let i = 0; i < steps; i++) {
      const t = tf.fill<tf.Rank.R1>([batch], 1 - i / steps);
      const r = tf.fill<tf.Rank.R1>([batch], 1 - (i + 1) / steps);
      stops.push(flowStep(network, stops[i] ?? noise, r, t));
    }
    return tf.stack(stops);
  });
}

/** The instantaneous velocity of a network, v(z, t) = u(z, t, t), whatever the start of the interval. */
export function instantaneous(network: Network): Network {
  return (z, _r, t, y) => network(z, t, t, y);
}

/**
 * Reads several tensors at once, for each read waits for the device.
 *
 * @param tensors Disposed.
 */
export async function readAll<K extends string>(
  tensors: Readonly<Record<K, tf.Tensor>>,
): Promise<Record<K, Float32Array>> {
  const entries = Object.entries<tf.Tensor>(tensors);
  const flat = tf.tidy(() => tf.concat1d(entries.map(([, tensor]) => tf.reshape<tf.Rank.R1>(tensor, [-1]))));
  tf.dispose(tensors);
  try {
    const data = await flat.data<'float32'>();
    let at = 0;
    const read = entries.map(([name, { size }]) => [name, data.slice(at, (at += size))] as const);
    return Object.fromEntries(read) as Record<K, Float32Array>;
  } finally {
    flat.dispose();
  }
}
