import * as tf from '@tensorflow/tfjs-core';

// What @meanflow/compile uses of the backend of @tensorflow/tfjs-node 4.22.0. None of it is its public interface, so
// that version is pinned, and `nodeBackend` checks that everything is there.

/** One attribute of an operation, as tfjs-node gives it to TensorFlow. */
export interface OpAttr {
  readonly name: string;
  /** One of the binding's TF_ATTR_ numbers. */
  readonly type: number;
  readonly value: unknown;
}

/** A tensor of the binding, as its operations return it. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  /** DataType of TensorFlow. */
  readonly dtype: number;
}

/** A tensor's entry in the backend: on the host until it is first used, then a number that the binding knows. */
export interface TensorEntry {
  shape: number[];
  /** DataType of TensorFlow. */
  dtype: number;
  /** Number of the tensor in the binding; -1 if it is not there. */
  id: number;
  values: Float32Array | Int32Array | Uint8Array | Uint8Array[] | null;
  refCount: number;
}

/** An int64 scalar, which tfjs has no tensor for. */
export interface Int64Scalar {
  readonly valueArray: Int32Array;
}

/** TensorFlow's C interface behind the binding. */
export interface Binding {
  readonly TF_Version: string;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  deleteTensor(id: number): void;
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): TensorMetadata[];
  deleteSavedModel(id: number): void;
}

type Execute = (name: string, attrs: OpAttr[], inputs: (tf.TensorInfo | Int64Scalar)[]) => tf.Tensor;
export type ExecuteMultiple = (
  name: string,
  attrs: OpAttr[],
  inputs: (tf.TensorInfo | Int64Scalar)[],
  numOutputs: number,
) => tf.Tensor[];

/** The backend of tfjs-node. */
export interface NodeBackend {
  readonly binding: Binding;
  readonly tensorMap: { get(dataId: tf.DataId): TensorEntry; has(dataId: tf.DataId): boolean };
  executeSingleOutput: Execute;
  executeMultipleOutputs: ExecuteMultiple;
  readSync: (dataId: tf.DataId) => TensorEntry['values'];
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
}

const needed = ['executeSingleOutput', 'executeMultipleOutputs', 'readSync', 'getInputTensorIds'] as const;

/**
 * The active backend, which must be that of tfjs-node.
 *
 * @throws Error if tfjs-node has changed inside.
 */
export function nodeBackend(): NodeBackend {
  const backend = tf.backend() as unknown as Partial<NodeBackend>;
  const missing = [
    ...needed.filter((method) => typeof backend[method] !== 'function'),
    ...(typeof backend.binding?.runSavedModel === 'function' ? [] : ['binding.runSavedModel']),
    ...(backend.tensorMap === undefined ? ['tensorMap'] : []),
  ];
  if (missing.length > 0) {
    throw new Error(
      `compile: the tensorflow backend must be that of @tensorflow/tfjs-node 4.22.0, but it has no ${missing.join(', ')}.`,
    );
  }
  return backend as NodeBackend;
}

/** A new data id for the value of a tensor, whose memory it shares. */
export function withOwnDataId(backend: NodeBackend, tensor: tf.Tensor): tf.Tensor {
  const attr = { name: 'T', type: backend.binding.TF_ATTR_TYPE, value: dataTypes[tensor.dtype] };
  return backend.executeSingleOutput('Identity', [attr], [tensor]);
}

/** A tensor without memory, which no operation may be executed on. */
export function emptyTensor(
  backend: NodeBackend,
  { shape, dtype }: Pick<tf.TensorInfo, 'dtype'> & { readonly shape: readonly number[] },
): tf.Tensor {
  return backend.createOutputTensor({ id: -1, shape: [...shape], dtype: dataTypes[dtype] });
}

/** Numbers of data types in TensorFlow's `types.proto`. */
export const dataTypes: Readonly<Record<tf.DataType, number>> & {
  readonly int64: number;
  readonly bfloat16: number;
} = {
  float32: 1,
  int32: 3,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
};
