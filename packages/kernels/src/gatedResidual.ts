import * as tf from '@tensorflow/tfjs-core';
import { fusedPrimitive } from './fusedPrimitive';
import { sumOf } from './sumOf';
import { checkTokens, perToken, sumOverTokens } from './tokens';
import { takesRows, wasmGatedResidual, wasmGatedResidualPullBack, wasmGatedResidualPush } from './wasm/rows';
import {
  takesTokens,
  webgpuGatedResidual,
  webgpuGatedResidualPullBack,
  webgpuGatedResidualPush,
} from './webgpu/rows';

const gatedResidualPrimitive = fusedPrimitive<Record<'x' | 'gate' | 'branch', tf.Tensor>, object>({
  name: 'gatedResidual',
  needsOutput: false,
  forward: ({ x, gate, branch }) => {
    if (takesRows(x)) return wasmGatedResidual({ x, gate, branch }, {})[0];
    if (takesTokens(x, gate, branch)) return webgpuGatedResidual({ x, gate, branch }, {})[0];
    return tf.add(x, tf.mul(branch, perToken(gate)));
  },
  vjp: ({ inputs: { gate, branch }, dy }) => {
    const x = tf.clone(dy); // tfjs disposes a gradient that it adds to another
    const pullBack = takesRows(branch)
      ? wasmGatedResidualPullBack
      : takesTokens(branch, gate, dy)
        ? webgpuGatedResidualPullBack
        : null;
    if (pullBack !== null) {
      const [dBranch, dGate] = pullBack({ gate, branch, dy }, {});
      return { x, gate: dGate, branch: dBranch };
    }
    return { x, gate: sumOverTokens(tf.mul(dy, branch)), branch: tf.mul(dy, perToken(gate)) };
  },
  // d(x + g b) = dx + dg b + g db
  jvp: ({ inputs: { gate, branch }, tangents }) => {
    const { x: dx, gate: dGate, branch: dBranch } = tangents;
    if (dx && dGate && dBranch && takesRows(branch)) {
      return wasmGatedResidualPush({ gate, branch, dx, dGate, dBranch }, {})[0];
    }
    if (dx && dGate && dBranch && takesTokens(branch, gate, dx, dGate, dBranch)) {
      return webgpuGatedResidualPush({ gate, branch, dx, dGate, dBranch }, {})[0];
    }
    const terms: tf.Tensor[] = [];
    if (dBranch) terms.push(tf.mul(dBranch, perToken(gate)));
    if (dGate) terms.push(tf.mul(branch, perToken(dGate)));
    if (dx) terms.push(dx);
    return sumOf(terms);
  },
});

/**
 * Residual connection with a gate for each sample, x + gate branch.
 *
 * @param x Tokens, [B, N, D].
 * @param gate [B, D].
 * @param branch What is added, [B, N, D].
 * @returns [B, N, D]; the caller owns it.
 * @throws RangeError if the shapes do not fit.
 * @see Peebles and Xie, "Scalable Diffusion Models with Transformers", arXiv:2212.09748, Sec. 3.2 (adaLN-Zero).
 */
export function gatedResidual(x: tf.Tensor, gate: tf.Tensor, branch: tf.Tensor): tf.Tensor3D {
  checkTokens('gatedResidual', x, { gate });
  if (!tf.util.arraysEqual(x.shape, branch.shape)) {
    throw new RangeError(
      `gatedResidual: branch must have the shape of x, [${x.shape.join(', ')}], got [${branch.shape.join(', ')}].`,
    );
  }
  return gatedResidualPrimitive({ x, gate, branch }, {}) as tf.Tensor3D;
}
