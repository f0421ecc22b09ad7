import * as tf from '@tensorflow/tfjs-core';

/** What is used of tfjs's webgpu backend; every part of it is its own, undocumented interior. */
export interface WebgpuBackend {
  readonly device: GPUDevice;
  queue: Pick<GPUQueue, 'writeBuffer'>;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  commandQueueOwnedIds: { add(dataId: object): void; has(dataId: object): boolean };
  uniformPendingDisposal: GPUBuffer[];
  stagingPendingDisposal: GPUBuffer[];
  tensorDataPendingDisposal: object[];
  readonly bufferManager: BufferManager;
  readonly tensorMap: {
    get(dataId: tf.DataId): TensorData;
    set(dataId: tf.DataId, data: TensorData): void;
    has(dataId: tf.DataId): boolean;
  };
  write(values: tf.backend_util.BackendValues | null, shape: number[], dtype: tf.DataType): tf.DataId;
  makeTensorInfo(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  uploadToGPU(dataId: tf.DataId): void;
  disposeData(dataId: tf.DataId, force?: boolean): boolean;
  refCount(dataId: tf.DataId): number;
  decRef(dataId: tf.DataId): void;
  shouldExecuteOnCPU(inputs: tf.TensorInfo[], sizeThreshold?: number): boolean;
  readSync(dataId: tf.DataId): tf.backend_util.BackendValues;
  read(dataId: tf.DataId): Promise<tf.backend_util.BackendValues>;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** The backend's pool of buffers. */
interface BufferManager {
  acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
}

/** The backend's entry for a tensor: its numbers are on the host, on the device, or on both. */
export interface TensorData {
  values: tf.backend_util.BackendValues | null;
  readonly dtype: tf.DataType;
  readonly shape: number[];
  resource?: GPUBuffer | null;
  /** Whether the buffer is not the backend's to release. */
  external?: boolean;
}

/** Buffers of tensors: as tfjs makes them. */
export function tensorUsage(): number {
  return GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
}

/** The active backend. */
export function webgpuBackend(): WebgpuBackend {
  return tf.backend() as unknown as WebgpuBackend;
}

/** A tensor of an entry that the backend has already. The caller owns it. */
export function tensorOf(dataId: tf.DataId, shape: number[], dtype: tf.DataType): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype });
}

/** Numbers of a tensor as they lie on the device, where integers and truth values take four bytes each. */
export function toBytes(values: tf.backend_util.BackendValues, dtype: tf.DataType): Uint8Array {
  const numbers = values as ArrayLike<number>;
  const words = dtype === 'float32' ? Float32Array.from(numbers) : Int32Array.from(numbers);
  return new Uint8Array(words.buffer);
}
