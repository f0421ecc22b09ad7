import * as tf from '@tensorflow/tfjs-core';
import { tensorOf, tensorUsage, toBytes } from './webgpuBackend';
import type { TensorData, WebgpuBackend } from './webgpuBackend';

// Recordings bind the buffers of variables, so a variable that a program uses keeps one buffer for as long: its
// resident buffer, whatever is assigned to it meanwhile.

interface Resident {
  readonly buffer: GPUBuffer;
  /** Data of the tensor that the buffer belongs to at present. */
  dataId: tf.DataId;
  users: number;
}

const residents = new WeakMap<tf.Variable, Resident>();

/** A tensor of the variable's present numbers with data of its own. The caller owns it. */
function copyOf(backend: WebgpuBackend, variable: tf.Variable): tf.Tensor {
  const { shape, dtype, dataId } = variable;
  const data = backend.tensorMap.get(dataId);
  if (data.resource == null) return tf.tensor((data.values as Float32Array).slice(), shape, dtype);
  const info = backend.makeTensorInfo(shape, dtype);
  backend.uploadToGPU(info.dataId);
  const target = backend.tensorMap.get(info.dataId).resource;
  if (target == null) throw new Error('internal: a tensor without a buffer.');
  copyBuffer(backend, data.resource, target);
  return tensorOf(info.dataId, shape, dtype);
}

/** Copies a whole buffer, after everything that was asked of the backend before. */
function copyBuffer(backend: WebgpuBackend, from: GPUBuffer, to: GPUBuffer): void {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder?.copyBufferToBuffer(from, 0, to, 0, to.size);
}

/**
 * Variables that share their memory with another tensor get data of their own: a recording tells tensors apart by their
 * memory, and what starts as the copy of a variable is not that variable.
 */
export function separateVariables(backend: WebgpuBackend): void {
  for (const variable of Object.values(tf.engine().state.registeredVariables)) {
    if (!backend.tensorMap.has(variable.dataId) || backend.refCount(variable.dataId) < 2) continue;
    const resident = residents.get(variable);
    if (resident?.dataId === variable.dataId) unshare(backend, variable, resident);
    else
      tf.tidy(() => {
        variable.assign(copyOf(backend, variable));
      });
  }
}

/**
 * Marks an entry as one whose buffer a recording writes to: its numbers are not to be remembered on the host, even if a
 * read that began before ends after.
 */
function take(data: TensorData, buffer: GPUBuffer): void {
  data.resource = buffer;
  data.external = true; // not the pool's to reuse, also after another value is assigned
  Object.defineProperty(data, 'values', {
    configurable: true,
    enumerable: true,
    get: () => null,
    set: () => undefined,
  });
}

/** Ends {@link take}. */
function giveBack(data: TensorData): void {
  data.external = false;
  Object.defineProperty(data, 'values', {
    configurable: true,
    enumerable: true,
    writable: true,
    value: null,
  });
}

/** The buffer in which a variable lives while programs use it; each {@link adopt} needs a {@link release}. */
export function adopt(backend: WebgpuBackend, variable: tf.Variable): GPUBuffer {
  const known = residents.get(variable);
  if (known !== undefined) {
    known.users += 1;
    return known.buffer;
  }
  const { dataId } = variable;
  backend.uploadToGPU(dataId);
  const data = backend.tensorMap.get(dataId);
  const buffer = data.resource;
  if (buffer == null) throw new Error('internal: a variable without a buffer.');
  if (data.external === true)
    throw new Error(`compile: the variable ${variable.name} lives in a buffer that is not tfjs's own.`);
  take(data, buffer);
  residents.set(variable, { buffer, dataId, users: 1 });
  return buffer;
}

/**
 * Calls `f` while buffers of variables look like any other of the backend's: a kernel that works in place asks, and it
 * has to get the same answer in every recording.
 */
export function withOrdinaryBuffers<T>(
  backend: WebgpuBackend,
  variables: Iterable<tf.Variable>,
  f: () => T,
): T {
  const marked = [...variables].flatMap((variable) => {
    const resident = residents.get(variable);
    return resident?.dataId === variable.dataId ? [backend.tensorMap.get(variable.dataId)] : [];
  });
  for (const data of marked) data.external = false;
  try {
    return f();
  } finally {
    for (const data of marked) data.external = true;
  }
}

/** The variable keeps its value. */
export function release(backend: WebgpuBackend, variable: tf.Variable): void {
  const resident = residents.get(variable);
  if (resident === undefined) return;
  resident.users -= 1;
  if (resident.users > 0) return;
  residents.delete(variable);
  const { dataId, buffer } = resident;
  if (backend.tensorMap.has(dataId) && backend.tensorMap.get(dataId).resource === buffer)
    giveBack(backend.tensorMap.get(dataId));
  else backend.bufferManager.releaseBuffer(buffer);
}

/** Tensors that share the variable's resident buffer get the numbers in one of their own. */
function unshare(backend: WebgpuBackend, variable: tf.Variable, resident: Resident): void {
  const { shape, dtype } = variable;
  const data = backend.tensorMap.get(resident.dataId);
  const buffer = backend.bufferManager.acquireBuffer(resident.buffer.size, tensorUsage());
  copyBuffer(backend, resident.buffer, buffer);
  giveBack(data);
  data.resource = buffer;
  settle(backend, variable, resident, backend.write(null, shape, dtype));
}

/** Makes `dataId` the variable's data, and the resident buffer its memory. */
function settle(backend: WebgpuBackend, variable: tf.Variable, resident: Resident, dataId: tf.DataId): void {
  take(backend.tensorMap.get(dataId), resident.buffer);
  const tensor = tensorOf(dataId, variable.shape, variable.dtype);
  variable.assign(tensor);
  tensor.dispose();
  resident.dataId = dataId;
}

/**
 * Prepares a variable for a replay: what was assigned to it elsewhere moves into its resident buffer, and tensors that
 * share that buffer get one of their own.
 */
export function moveIn(backend: WebgpuBackend, variable: tf.Variable): void {
  const resident = residents.get(variable);
  if (resident === undefined) throw new Error(`internal: the variable ${variable.name} lives nowhere.`);
  if (variable.dataId === resident.dataId) {
    if (backend.refCount(resident.dataId) > 1) unshare(backend, variable, resident);
    return;
  }
  // Others may still look at the old value.
  if (backend.tensorMap.has(resident.dataId)) {
    const old = backend.tensorMap.get(resident.dataId);
    if (old.resource === resident.buffer) {
      const buffer = backend.bufferManager.acquireBuffer(resident.buffer.size, tensorUsage());
      copyBuffer(backend, resident.buffer, buffer);
      giveBack(old);
      old.resource = buffer;
    }
  }
  const data = backend.tensorMap.get(variable.dataId);
  if (data.resource == null && data.values !== null) {
    backend.endComputePassEncoder();
    if (backend.commandEncoder !== null) backend.submitQueue(); // what reads the old value comes first
    const bytes = toBytes(data.values, data.dtype);
    backend.device.queue.writeBuffer(resident.buffer, 0, bytes as Uint8Array<ArrayBuffer>);
  } else {
    backend.uploadToGPU(variable.dataId);
    const source = backend.tensorMap.get(variable.dataId).resource;
    if (source == null) throw new Error('internal: a variable without numbers.');
    copyBuffer(backend, source, resident.buffer);
  }
  settle(backend, variable, resident, backend.write(null, variable.shape, variable.dtype));
}
