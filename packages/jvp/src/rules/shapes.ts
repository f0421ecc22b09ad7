import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule } from '../rule';
import { linearIn, linearInEach, required, runKernel } from './helpers';
import type { RuleTable } from './helpers';

/** Rule of a kernel that arranges a list of inputs: the kernel applied to their tangents, zeros where there is none. */
function arrange(kernel: string): JvpRule {
  return ({ inputs, tangents, attrs }) => {
    const names = Object.keys(inputs);
    const list = names.map((name) => tangents[name] ?? tf.zerosLike(required(inputs, name)));
    return runKernel(kernel, list as unknown as tf.NamedTensorMap, attrs);
  };
}

/** d(a + b + ...) = da + db + ... */
const addN: JvpRule = ({ tangents }) => {
  const present = Object.values(tangents).filter((tangent) => tangent !== undefined);
  return tf.addN(present);
};

/** d where(c, t, e) = where(c, dt, de) */
const select: JvpRule = ({ inputs, tangents, output }) => {
  const zero = () => tf.zeros(output.shape);
  const { t, e } = tangents;
  return runKernel(
    'Select',
    { condition: required(inputs, 'condition'), t: t ?? zero(), e: e ?? zero() },
    {},
  );
};

/** d pad(x, c) = pad(dx, 0) */
const pad: JvpRule = ({ tangents, attrs }) =>
  runKernel('PadV2', { x: required(tangents, 'x') }, { ...attrs, constantValue: 0 });

/** A cast keeps the tangent if both types are real or complex numbers; to integers it is handled as constant. */
const cast: JvpRule = ({ tangents, output }) => tf.cast(required(tangents, 'x'), output.dtype);

/** Complex numbers from parts: d(a + i b) = da + i db */
const complex: JvpRule = ({ inputs, tangents }) =>
  tf.complex(
    tangents['real'] ?? tf.zerosLike(required(inputs, 'real')),
    tangents['imag'] ?? tf.zerosLike(required(inputs, 'imag')),
  );

/** d|z| = Re(conj(z) dz) / |z|, and 0 at 0 */
const complexAbs: JvpRule = ({ inputs, tangents, output }) => {
  const z = required(inputs, 'x');
  const dz = required(tangents, 'x');
  const product = tf.add(tf.mul(tf.real(z), tf.real(dz)), tf.mul(tf.imag(z), tf.imag(dz)));
  return tf.divNoNan(product, output);
};

/** Rules of kernels that move numbers without changing them. */
export const shapeRules: RuleTable = {
  ...linearIn('x', [
    'BatchToSpaceND',
    'BroadcastTo',
    'DepthToSpace',
    'GatherV2',
    'Identity',
    'MirrorPad',
    'Reshape',
    'Reverse',
    'Slice',
    'SpaceToBatchND',
    'SplitV',
    'StridedSlice',
    'Tile',
    'Transpose',
    'UnsortedSegmentSum',
  ]),
  ...linearIn('input', ['ExpandDims', 'FFT', 'IFFT', 'Imag', 'Real']),
  Unpack: linearInEach('Unpack', 'value'),
  GatherNd: linearInEach('GatherNd', 'params'),
  ScatterNd: linearInEach('ScatterNd', 'updates'),
  Concat: arrange('Concat'),
  Pack: arrange('Pack'),
  AddN: addN,
  Select: select,
  PadV2: pad,
  Cast: cast,
  Complex: complex,
  ComplexAbs: complexAbs,
};
