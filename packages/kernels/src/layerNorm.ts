import * as tf from '@tensorflow/tfjs-core';
import { fusedPrimitive } from './fusedPrimitive';
import { sumOf } from './sumOf';
import { checkTokens, perToken, sumOverTokens } from './tokens';
import {
  takesRows,
  wasmLayerNormModulate,
  wasmLayerNormModulatePullBack,
  wasmLayerNormModulatePush,
} from './wasm/rows';
import {
  takesTokens,
  webgpuLayerNormModulate,
  webgpuLayerNormModulatePullBack,
  webgpuLayerNormModulatePush,
} from './webgpu/rows';

const EPSILON = 1e-6;

/** x^ = (x - mean) / sigma over the last axis, and 1 / sigma, sigma^2 = variance + epsilon. */
function normalize(x: tf.Tensor): { normalized: tf.Tensor; inverse: tf.Tensor } {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), EPSILON));
  return { normalized: tf.mul(centred, inverse), inverse };
}

/** Jacobian of the normalization, which is symmetric: J d = (d - mean(d) - x^ mean(d x^)) / sigma. */
function project(normalized: tf.Tensor, inverse: tf.Tensor, d: tf.Tensor): tf.Tensor {
  const along = tf.mean(tf.mul(d, normalized), -1, true);
  const across = tf.sub(d, tf.mul(normalized, along));
  return tf.mul(tf.sub(across, tf.mean(d, -1, true)), inverse);
}

const layerNormPrimitive = fusedPrimitive<Record<'x', tf.Tensor>, object>({
  name: 'layerNorm',
  needsOutput: false,
  forward: ({ x }) => normalize(x).normalized,
  vjp: ({ inputs: { x }, dy }) => {
    const { normalized, inverse } = normalize(x);
    return { x: project(normalized, inverse, dy) };
  },
  jvp: ({ inputs: { x }, tangents }) => {
    if (!tangents.x) return null;
    const { normalized, inverse } = normalize(x);
    return project(normalized, inverse, tangents.x);
  },
});

const layerNormModulatePrimitive = fusedPrimitive<Record<'x' | 'shift' | 'scale', tf.Tensor>, object>({
  name: 'layerNormModulate',
  needsOutput: false,
  forward: ({ x, shift, scale }) => {
    if (takesRows(x)) return wasmLayerNormModulate({ x, shift, scale }, {})[0];
    if (takesTokens(x, shift, scale)) return webgpuLayerNormModulate({ x, shift, scale }, {})[0];
    return tf.add(tf.mul(normalize(x).normalized, perToken(tf.add(scale, 1))), perToken(shift));
  },
  vjp: ({ inputs: { x, scale }, dy }) => {
    const pullBack = takesRows(x)
      ? wasmLayerNormModulatePullBack
      : takesTokens(x, scale, dy)
        ? webgpuLayerNormModulatePullBack
        : null;
    if (pullBack !== null) {
      const [dx, dShift, dScale] = pullBack({ x, scale, dy }, {});
      return { x: dx, shift: dShift, scale: dScale };
    }
    const { normalized, inverse } = normalize(x);
    return {
      x: project(normalized, inverse, tf.mul(dy, perToken(tf.add(scale, 1)))),
      shift: sumOverTokens(dy),
      scale: sumOverTokens(tf.mul(dy, normalized)),
    };
  },
  // dy = J dx (1 + scale) + x^ dscale + dshift
  jvp: ({ inputs: { x, scale }, tangents, output }) => {
    const { x: dx, shift: dShift, scale: dScale } = tangents;
    if (dx && dShift && dScale && takesRows(x)) {
      return wasmLayerNormModulatePush({ x, scale, dx, dShift, dScale }, {})[0];
    }
    if (dx && dShift && dScale && takesTokens(x, scale, dx, dShift, dScale)) {
      return webgpuLayerNormModulatePush({ x, scale, dx, dShift, dScale }, {})[0];
    }
    const terms: tf.Tensor[] = [];
    const { normalized, inverse } = normalize(x);
    if (dx) terms.push(tf.mul(project(normalized, inverse, dx), perToken(tf.add(scale, 1))));
    if (dScale) terms.push(tf.mul(normalized, perToken(dScale)));
    if (dShift && terms.length === 0) terms.push(tf.zerosLike(output)); // to be broadcast over
    if (dShift) terms.push(perToken(dShift));
    return sumOf(terms);
  },
});

/**
 * Layer normalization of the last axis without affine part, (x - mean) / sqrt(variance + 1e-6), with the biased
 * variance (divided by the width).
 *
 * @returns A tensor of the shape of `x`; the caller owns it.
 * @see Ba, Kiros and Hinton, "Layer Normalization", arXiv:1607.06450.
 */
export function layerNorm<T extends tf.Tensor>(x: T): T {
  return layerNormPrimitive({ x }, {}) as T;
}

/**
 * Layer normalization modulated for each sample, layerNorm(x) (1 + scale) + shift: the adaptive norm of a DiT block.
 *
 * @param x Tokens, [B, N, D].
 * @param shift [B, D].
 * @param scale [B, D].
 * @returns [B, N, D]; the caller owns it.
 * @throws RangeError if the shapes do not fit.
 * @see Peebles and Xie, "Scalable Diffusion Models with Transformers", arXiv:2212.09748, Sec. 3.2.
 */
export function layerNormModulate(x: tf.Tensor, shift: tf.Tensor, scale: tf.Tensor): tf.Tensor3D {
  checkTokens('layerNormModulate', x, { shift, scale });
  return layerNormModulatePrimitive({ x, shift, scale }, {}) as tf.Tensor3D;
}
