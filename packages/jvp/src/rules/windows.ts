import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule } from '../rule';
import { linearIn, required } from './helpers';
import type { RuleTable } from './helpers';

// Kernels that slide a window over space. Where the window takes a maximum, its places are visited one after the
// other as strided slices of the padded input, which needs no kernel beyond those that every backend has.

/** Geometry of a window, one entry for each spatial axis. */
interface WindowGeometry {
  readonly filter: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Rows added before and after each spatial axis. */
  readonly padding: readonly (readonly [number, number])[];
  readonly outSize: readonly number[];
}

/** Every offset within a window, in row-major order. */
function windowOffsets(filter: readonly number[]): number[][] {
  return filter.reduce<number[][]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, i) => [...offset, i])),
    [[]],
  );
}

/** Pads the spatial axes of [B, ...space, C] with `value`; more at the end where the last window needs it. */
function padSpace(x: tf.Tensor, geometry: WindowGeometry, value: number): tf.Tensor {
  const space = geometry.outSize.map((out, axis): [number, number] => {
    const [before = 0] = geometry.padding[axis] ?? [];
    const reach =
      (out - 1) * at(geometry.strides, axis) + (at(geometry.filter, axis) - 1) * at(geometry.dilations, axis);
    const needed = reach + 1 - before - (x.shape[axis + 1] ?? 0);
    return [before, Math.max(needed, 0)];
  });
  return tf.pad(x, [[0, 0], ...space, [0, 0]], value);
}

/** What the window sees at one of its offsets, for every output position: [B, ...outSize, C]. */
function sliceAt(padded: tf.Tensor, geometry: WindowGeometry, offset: readonly number[]): tf.Tensor {
  const begin = offset.map((o, axis) => o * at(geometry.dilations, axis));
  const end = begin.map((b, axis) => b + (at(geometry.outSize, axis) - 1) * at(geometry.strides, axis) + 1);
  const [batch = 0] = padded.shape;
  const channels = padded.shape[padded.rank - 1] ?? 0;
  return tf.stridedSlice(padded, [0, ...begin, 0], [batch, ...end, channels], [1, ...geometry.strides, 1]);
}

function at(values: readonly number[], axis: number): number {
  return values[axis] ?? 1;
}

/**
 * Tangent of a maximum over window offsets: the tangent of the first candidate that equals the output.
 *
 * @param candidates Value and tangent at each offset, in the order in which the kernel visits them.
 */
function tangentOfMaximum(
  y: tf.Tensor,
  candidates: Iterable<{ value: tf.Tensor; tangent: tf.Tensor }>,
): tf.Tensor {
  let found: tf.Tensor = tf.zerosLike(y);
  let tangent: tf.Tensor = tf.zerosLike(y);
  for (const candidate of candidates) {
    const first = tf.mul(tf.cast(tf.equal(candidate.value, y), 'float32'), tf.sub(1, found));
    tangent = tf.add(tangent, tf.mul(first, candidate.tangent));
    found = tf.add(found, first);
  }
  return tangent;
}

function maxPool(geometryOf: (x: tf.Tensor, attrs: tf.NamedAttrMap) => WindowGeometry): JvpRule {
  return ({ inputs, tangents, attrs, output }) => {
    const x = required(inputs, 'x');
    const geometry = geometryOf(x, attrs);
    const paddedX = padSpace(x, geometry, -Infinity);
    const paddedDx = padSpace(required(tangents, 'x'), geometry, 0);
    function* candidates() {
      for (const offset of windowOffsets(geometry.filter)) {
        yield { value: sliceAt(paddedX, geometry, offset), tangent: sliceAt(paddedDx, geometry, offset) };
      }
    }
    return tangentOfMaximum(output, candidates());
  };
}

interface PoolAttrs {
  filterSize: number;
  strides: number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function pool2dGeometry(x: tf.Tensor, attrs: tf.NamedAttrMap): WindowGeometry {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttrs;
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  return {
    filter: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [1, 1],
    padding: [
      [info.padInfo.top, info.padInfo.bottom],
      [info.padInfo.left, info.padInfo.right],
    ],
    outSize: [info.outHeight, info.outWidth],
  };
}

function pool3dGeometry(x: tf.Tensor, attrs: tf.NamedAttrMap): WindowGeometry {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttrs;
  const shape = x.shape as [number, number, number, number, number];
  const info = tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  return {
    filter: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [1, 1, 1],
    padding: [
      [info.padInfo.front, info.padInfo.back],
      [info.padInfo.top, info.padInfo.bottom],
      [info.padInfo.left, info.padInfo.right],
    ],
    outSize: [info.outDepth, info.outHeight, info.outWidth],
  };
}

/** y = max over the window of x + f, so dy = dx + df at the place that attains it */
const dilation2d: JvpRule = ({ inputs, tangents, attrs, output }) => {
  const x = required(inputs, 'x');
  const filter = required(inputs, 'filter');
  const { strides, pad, dilations } = attrs as unknown as {
    strides: number;
    pad: 'valid' | 'same';
    dilations: number;
  };
  const info = tf.backend_util.computeDilation2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number],
    strides,
    pad,
    'NHWC',
    dilations,
  );
  const geometry: WindowGeometry = {
    filter: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    padding: [
      [info.padInfo.top, info.padInfo.bottom],
      [info.padInfo.left, info.padInfo.right],
    ],
    outSize: [info.outHeight, info.outWidth],
  };
  const paddedX = padSpace(x, geometry, -Infinity);
  const paddedDx = padSpace(tangents['x'] ?? tf.zerosLike(x), geometry, 0);
  const dFilter = tangents['filter'] ?? tf.zerosLike(filter);
  const tap = (f: tf.Tensor, [h = 0, w = 0]: number[]) =>
    tf.reshape(tf.slice(f, [h, w, 0], [1, 1, -1]), [-1]);
  function* candidates() {
    for (const offset of windowOffsets(geometry.filter)) {
      yield {
        value: tf.add(sliceAt(paddedX, geometry, offset), tap(filter, offset)),
        tangent: tf.add(sliceAt(paddedDx, geometry, offset), tap(dFilter, offset)),
      };
    }
  }
  return tangentOfMaximum(output, candidates());
};

/** Rules of pooling, morphology and resizing. */
export const windowRules: RuleTable = {
  ...linearIn('x', ['AvgPool', 'AvgPool3D']),
  ...linearIn('images', ['ResizeBilinear', 'ResizeNearestNeighbor']),
  MaxPool: maxPool(pool2dGeometry),
  MaxPool3D: maxPool(pool3dGeometry),
  Dilation2D: dilation2d,
};
