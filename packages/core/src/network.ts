import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';

/**
 * An average-velocity network u(z, r, t, y), given as a function over weights that it knows.
 *
 * @param z Points on the paths from data to noise, [B, ...]. Borrowed.
 * @param r Start of the interval, [B], r <= t. At r = t the network is the instantaneous velocity v(z, t).
 * @param t End of the interval, [B], in [0, 1]: 0 is data, 1 is noise.
 * @param y Labels, int32 [B]; null for a network without labels.
 * @returns u, shaped like z; the caller owns it.
 */
export type Network = (z: Tensor, r: Tensor1D, t: Tensor1D, y: Tensor1D | null) => Tensor;
