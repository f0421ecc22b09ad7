import * as tf from '@tensorflow/tfjs-core';
import type { ExecuteMultiple, OpAttr, Int64Scalar } from './nodeBackend';
import type { Source, TensorSpec } from './recording';

/** Operations whose results have a shape that depends on values. */
const shapedByValues = new Set([
  ...['Where', 'UniqueV2', 'NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5'],
]);

/** Constants up to this size are part of what a probe is remembered by: axes, shapes and paddings are among them. */
const MAX_KEY_BYTES = 256;

/** An input of an operation: where it comes from, and the tensor itself if it is a constant. */
export interface ProbedInput {
  readonly source: Source;
  readonly tensor: tf.TensorInfo | Int64Scalar;
}

const isInt64 = (tensor: tf.TensorInfo | Int64Scalar): tensor is Int64Scalar => 'valueArray' in tensor;

function keyOf({ source, tensor }: ProbedInput): string {
  if (source.kind === 'constant' && source.constant.bytes.length <= MAX_KEY_BYTES)
    return `=${source.constant.shape.join()}:${source.constant.bytes.join()}`;
  return isInt64(tensor) ? '=' : `${tensor.dtype}:${tensor.shape.join()}`;
}

/** A stand-in for a tensor whose values are not known. */
function standIn({ shape, dtype }: tf.TensorInfo, value: number): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  if (dtype === 'complex64') return tf.complex(tf.fill(shape, value), tf.fill(shape, value));
  if (dtype === 'float32') return tf.tensor(new Float32Array(size).fill(value), shape, dtype);
  if (dtype === 'int32') return tf.tensor(new Int32Array(size).fill(value), shape, dtype);
  return tf.tensor(new Uint8Array(size).fill(value), shape, 'bool');
}

/**
 * Finds the shapes and types of an operation's results by executing it on stand-ins for its inputs: TensorFlow knows
 * them best. A recording so needs the memory of one operation at a time, and has no effect on anything.
 */
export class Probe {
  private readonly known = new Map<string, readonly TensorSpec[]>();
  /** Whether an operation is executed as a probe: it must not be recorded. */
  isRunning = false;

  constructor(private readonly execute: ExecuteMultiple) {}

  /**
   * @throws Error from TensorFlow if the inputs do not fit the operation.
   */
  outputs(
    op: string,
    attrs: OpAttr[],
    inputs: readonly ProbedInput[],
    numOutputs: number,
  ): readonly TensorSpec[] {
    const key = `${op} ${JSON.stringify(attrs)} ${numOutputs} ${inputs.map(keyOf).join(';')}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    let found: readonly TensorSpec[];
    try {
      found = this.run(op, attrs, inputs, numOutputs, 0);
    } catch {
      found = this.run(op, attrs, inputs, numOutputs, 1); // an integer division by zero
    }
    this.known.set(key, found);
    return found;
  }

  private run(
    op: string,
    attrs: OpAttr[],
    inputs: readonly ProbedInput[],
    numOutputs: number,
    value: number,
  ): readonly TensorSpec[] {
    this.isRunning = true;
    let specs: readonly TensorSpec[] = [];
    try {
      tf.tidy(() => {
        const tensors = inputs.map(({ source, tensor }) =>
          isInt64(tensor) || source.kind === 'constant' ? tensor : standIn(tensor, value),
        );
        const made = this.execute(op, attrs, tensors, numOutputs);
        specs = made.map(({ shape, dtype }) => ({ shape, dtype }));
      });
    } finally {
      this.isRunning = false;
    }
    return specs;
  }
}

/** Whether the shape of the operation's result depends on the values of its inputs. */
export function isShapedByValues(op: string): boolean {
  return shapedByValues.has(op);
}
