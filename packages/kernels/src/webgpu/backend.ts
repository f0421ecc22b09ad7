import type * as tf from '@tensorflow/tfjs-core';

// What is used of tfjs's webgpu backend, and of WebGPU itself. A library that imports tfjs-core alone reaches both through
// `tf.backend()`; the methods are looked up when they are called, so that a recorder that replaces them sees every call.

/** A GPUBuffer. */
export interface GpuBuffer {
  readonly size: number;
}

interface PassEncoder {
  setPipeline(pipeline: GpuPipeline): void;
  setBindGroup(index: number, group: object): void;
  dispatchWorkgroups(x: number, y: number, z: number): void;
}

/** A GPUComputePipeline. */
export interface GpuPipeline {
  getBindGroupLayout(index: number): object;
}

/** A GPUDevice. */
export interface GpuDevice {
  readonly limits: Readonly<
    Record<
      | 'maxComputeWorkgroupsPerDimension'
      | 'maxComputeWorkgroupStorageSize'
      | 'maxComputeInvocationsPerWorkgroup'
      | 'maxStorageBufferBindingSize',
      number
    >
  > & {
    /** Absent from devices that name only what is above: then it is 8, the least that there is. */
    readonly maxStorageBuffersPerShaderStage?: number;
  };
  readonly features: { has(name: string): boolean };
  /** Absent in older browsers. */
  readonly adapterInfo?: {
    readonly isFallbackAdapter?: boolean;
    readonly subgroupMinSize?: number;
    readonly subgroupMaxSize?: number;
  };
  createShaderModule(descriptor: { label: string; code: string }): object;
  createComputePipeline(descriptor: {
    label: string;
    layout: 'auto';
    compute: { module: object; entryPoint: string };
  }): GpuPipeline;
  createBindGroup(descriptor: {
    layout: object;
    entries: { binding: number; resource: { buffer: GpuBuffer } }[];
  }): object;
  createQuerySet(descriptor: { type: 'timestamp'; count: number }): object;
}

/** What the backend keeps for a tensor. */
interface TensorData {
  /** Of the numbers in the buffer: tfjs casts int32 to float32 by name alone. */
  readonly dtype: tf.DataType;
  readonly resource?: GpuBuffer | null;
  /** Whether the buffer belongs to somebody else. */
  readonly external?: boolean;
  /** A copy on the host, as soon as the tensor has been read. */
  values: tf.backend_util.TypedArray | null;
}

/** tfjs's WebGPUBackend. */
export interface WebgpuBackend {
  readonly device: GpuDevice;
  readonly tensorMap: { get(dataId: object): TensorData };
  readonly commandQueueOwnedIds: { add(dataId: object): void };
  readonly commandEncoder: { beginComputePass(descriptor: object): PassEncoder } | null;
  computePassEncoder: PassEncoder | null;
  dispatchCountInPass: number;
  readonly supportTimestampQuery: boolean;
  querySet: object | null;
  readonly querySetCount: number;
  readonly activeTimers?: { name: string; query: Promise<number> }[] | null;
  makeTensorInfo(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  uploadToGPU(dataId: object): void;
  makeUniforms(parts: { type: 'uint32'; data: number[] }[]): { buffer: GpuBuffer };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  getQueryTime(): Promise<number>;
  refCount(dataId: object): number;
  disposeData(dataId: object): boolean;
}
