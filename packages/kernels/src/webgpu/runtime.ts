import { isDifferentiated } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import type { GpuBuffer, GpuPipeline, WebgpuBackend } from './backend';
import { pipelineOf } from './program';
import type { Program } from './program';

// Kernels of our own run on the device of tfjs's webgpu backend, in its command queue, on the buffers of its tensors.

/** What a kernel has while it runs. */
export interface KernelContext {
  readonly backend: WebgpuBackend;
  /** A new tensor of float32; outputs are returned in this order. */
  readonly output: (shape: readonly number[]) => tf.TensorInfo;
  /** Numbers on the device that are freed when the kernel returns. */
  readonly scratch: (numbers: number) => tf.TensorInfo;
  /**
   * Runs a program in `groups` workgroups: x, y and z, where x alone may exceed the device's limit, see `linearGroup`.
   *
   * @param tensors What it reads and writes, in the program's order.
   * @param sizes Its numbers, in the program's order.
   */
  readonly dispatch: (
    program: Program,
    tensors: readonly tf.TensorInfo[],
    sizes: readonly number[],
    groups: readonly [number, number?, number?],
  ) => void;
}

/** Number of a workgroup where {@link KernelContext.dispatch} had to fold x into x and y. */
export const linearGroup = 'group.x + group.y * groups.x';
/** Parameters of `fn main` that {@link linearGroup} and most programs use. */
export const linearArguments = `@builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>`;

let switchedOff = 0;

/** Runs `f` with the composites in place of our webgpu kernels: for comparisons. */
export function withoutWebgpuKernels<T>(f: () => T): T {
  switchedOff++;
  try {
    return f();
  } finally {
    switchedOff--;
  }
}

/** The active backend if it is tfjs's webgpu, else null; so is another one under that name. */
function activeBackend(): WebgpuBackend | null {
  if (tf.getBackend() !== 'webgpu') return null;
  const backend = tf.backend();
  return 'bufferManager' in backend ? (backend as unknown as WebgpuBackend) : null;
}

/**
 * Whether to use our own webgpu kernels now, on these tensors. They have no derivatives, so where what is computed is
 * differentiated the composites take their place; so do they for what a binding cannot hold, and for nothing at all.
 */
export function useWebgpuKernels(...tensors: readonly tf.Tensor[]): boolean {
  if (switchedOff > 0 || isDifferentiated()) return false;
  const backend = activeBackend();
  if (backend === null) return false;
  const limit = backend.device.limits.maxStorageBufferBindingSize / 4;
  return tensors.every(({ size, dtype }) => size > 0 && size <= limit && dtype === 'float32');
}

/** The active device. Call it only if {@link useWebgpuKernels}. */
export function activeDevice(): WebgpuBackend['device'] {
  const backend = activeBackend();
  if (backend === null) throw new Error('internal: there is no device of WebGPU.');
  return backend.device;
}

/** int32 that tfjs calls float32 after a cast. */
const toFloat: Program = {
  name: 'toFloat',
  reads: ['x: i32'],
  writes: ['y: f32'],
  sizes: ['count'],
  wide: false,
  code: () => `@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let i = (${linearGroup}) * 64u + thread;
  if (i < sizes.count) { y[i] = f32(x[i]); }
}`,
};

/**
 * Defines a kernel of the webgpu backend, which profiles and memory counts see like one of tfjs's.
 *
 * @typeParam R Its results, as many as `run` makes outputs.
 * @param run Makes the outputs and computes them.
 * @returns The operation: borrows its inputs, the caller owns the results. Call it only if {@link useWebgpuKernels}.
 */
export function webgpuKernel<
  I extends tf.NamedTensorMap,
  A extends object,
  R extends tf.Tensor[] = [tf.Tensor],
>(name: string, run: (context: KernelContext, inputs: I, attrs: A) => void): (inputs: I, attrs: A) => R {
  const kernelName = `meanflow/${name}`;
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend: active }) => {
    const backend = active as WebgpuBackend;
    const outputs: tf.TensorInfo[] = [];
    const scratches: tf.TensorInfo[] = [];
    const made = (list: tf.TensorInfo[], shape: readonly number[]) => {
      const info = backend.makeTensorInfo([...shape], 'float32');
      list.push(info);
      return info;
    };
    const scratch = (numbers: number) => made(scratches, [numbers]);
    /** The tensor with its numbers as float32. */
    const asFloat = (tensor: tf.TensorInfo): tf.TensorInfo => {
      if (backend.tensorMap.get(tensor.dataId).dtype === 'float32') return tensor;
      const count = tf.util.sizeFromShape(tensor.shape);
      const floats = scratch(count);
      encode(backend, toFloat, [tensor, floats], [count], [Math.ceil(count / 64)]);
      return floats;
    };
    const context: KernelContext = {
      backend,
      output: (shape) => made(outputs, shape),
      scratch,
      dispatch: (program, tensors, sizes, groups) => {
        encode(backend, program, tensors.map(asFloat), sizes, groups);
      },
    };
    try {
      run(context, inputs as unknown as I, attrs as unknown as A);
    } catch (error) {
      for (const { dataId } of outputs) backend.disposeData(dataId);
      throw error;
    } finally {
      for (const { dataId } of scratches) backend.disposeData(dataId);
    }
    return outputs;
  };
  return (inputs, attrs) => {
    if ((tf.getKernel(kernelName, 'webgpu') as unknown) === undefined) {
      tf.registerKernel({ kernelName, backendName: 'webgpu', kernelFunc });
    }
    const attributes = attrs as unknown as tf.NamedAttrMap;
    return tf.engine().runKernel<tf.Tensor[]>(kernelName, inputs, attributes) as R;
  };
}

/** x, y and z within the device's limit: a large x is folded into x and y. */
export function foldGroups(
  [x, y = 1, z = 1]: readonly [number, number?, number?],
  limit: number,
): [number, number, number] {
  if (x <= limit) return [x, y, z];
  const rows = Math.ceil(x / limit);
  return [Math.ceil(x / rows), y * rows, z];
}

/** Puts one program into the backend's queue, as its own `recordAndSubmit` does. */
function encode(
  backend: WebgpuBackend,
  program: Program,
  tensors: readonly tf.TensorInfo[],
  sizes: readonly number[],
  groups: readonly [number, number?, number?],
): void {
  for (const { dataId } of tensors) backend.uploadToGPU(dataId);
  const pipeline = pipelineOf(backend.device, program);
  if (tf.env().getBool('WEBGPU_ENGINE_COMPILE_ONLY')) return;
  const buffers = tensors.map(({ dataId }) => bufferOf(backend, dataId));
  const uniforms = backend.makeUniforms(sizes.map((size) => ({ type: 'uint32', data: [size] })));
  for (const { dataId } of tensors) backend.commandQueueOwnedIds.add(dataId);
  const bindGroup = bind(backend, pipeline, [...buffers.map((buffer) => ({ buffer })), uniforms]);
  submit(backend, program.name, pipeline, bindGroup, groups);
}

function bufferOf(backend: WebgpuBackend, dataId: object): GpuBuffer {
  const { resource } = backend.tensorMap.get(dataId);
  if (resource == null) throw new Error('internal: a tensor on webgpu has no buffer.');
  return resource;
}

function bind(backend: WebgpuBackend, pipeline: GpuPipeline, resources: { buffer: GpuBuffer }[]): object {
  return backend.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({ binding, resource })),
  });
}

/** Dispatches, and submits when enough have come together; a timed program has a pass of its own. */
function submit(
  backend: WebgpuBackend,
  name: string,
  pipeline: GpuPipeline,
  bindGroup: object,
  groups: readonly [number, number?, number?],
): void {
  const limit = backend.device.limits.maxComputeWorkgroupsPerDimension;
  backend.ensureCommandEncoderReady();
  const timers = backend.activeTimers;
  const pass = beginPass(backend, timers != null && backend.supportTimestampQuery);
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...foldGroups(groups, limit));
  backend.dispatchCountInPass++;
  if (timers != null) {
    backend.endComputePassEncoder();
    timers.push({ name, query: backend.getQueryTime() });
  } else if (tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE') <= backend.dispatchCountInPass) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

/** The open pass, or a new one; always a new one, with time stamps, for what is timed. */
function beginPass(backend: WebgpuBackend, timed: boolean): NonNullable<WebgpuBackend['computePassEncoder']> {
  if (timed) backend.endComputePassEncoder();
  const open = backend.computePassEncoder;
  if (open !== null) return open;
  if (backend.commandEncoder === null) throw new Error('internal: webgpu has no command encoder.');
  if (!timed) return (backend.computePassEncoder = backend.commandEncoder.beginComputePass({}));
  backend.querySet ??= backend.device.createQuerySet({ type: 'timestamp', count: backend.querySetCount });
  const timestampWrites = {
    querySet: backend.querySet,
    beginningOfPassWriteIndex: 0,
    endOfPassWriteIndex: 1,
  };
  return (backend.computePassEncoder = backend.commandEncoder.beginComputePass({ timestampWrites }));
}
