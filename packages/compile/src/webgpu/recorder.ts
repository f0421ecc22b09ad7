import * as tf from '@tensorflow/tfjs-core';
import { checkResult, isTensor, mapLeaves, tensorsIn } from '../containers';
import { replaceMethods } from '../recording/replaceMethods';
import { Tracker } from '../recording/tracker';
import type { Binding, Command, Constant, Memory, Recording, Value } from './recording';
import { withOrdinaryBuffers } from './residents';
import { commandEncoder, disguise, disguiseGroup, virtual, VirtualBuffer } from './virtualDevice';
import type { CommandListener, VirtualBindGroup } from './virtualDevice';
import { tensorOf, tensorUsage, toBytes } from './webgpuBackend';
import type { WebgpuBackend } from './webgpuBackend';

/** Constants of this size and more that are one number all over are filled in by the device at each call. */
const MIN_FILLED_BYTES = 4096;

/** One recording that is being made. */
class Recorder extends Tracker implements CommandListener {
  readonly commands: Command[] = [];
  private readonly constants = new Map<string, Constant>();
  private readonly outside = new Map<GPUBuffer, Memory>();
  private readonly made = new WeakSet();
  private temporaries = 0;
  private wasRead: Error | null = null;

  constructor(
    name: string,
    private readonly backend: WebgpuBackend,
    private readonly variables: ReadonlyMap<tf.DataId, tf.Variable>,
  ) {
    super(name);
  }

  /** A tensor without memory on the device, for an argument. */
  standIn({ shape, dtype }: tf.Tensor, index: number): tf.Tensor {
    const size = 4 * tf.util.sizeFromShape(shape);
    const dataId = this.backend.write(null, shape, dtype);
    this.made.add(dataId);
    if (size > 0) {
      const buffer = new VirtualBuffer(size, tensorUsage(), false);
      buffer.memory = { kind: 'argument', index, size };
      this.backend.tensorMap.get(dataId).resource = disguise(buffer);
    } else {
      this.backend.tensorMap.get(dataId).values = tf.util.getTypedArrayFromDType(dtype as 'float32', 0);
    }
    return tensorOf(dataId, shape, dtype);
  }

  // What commands report:

  dispatch(
    pipeline: GPUComputePipeline,
    { layout, bindings }: VirtualBindGroup,
    workgroups: [number, number, number],
  ): void {
    this.commands.push({ kind: 'dispatch', pipeline, layout, bindings, workgroups, place: this.place() });
  }

  copy(from: GPUBuffer, fromOffset: number, to: GPUBuffer, toOffset: number, size: number): void {
    const [source, target] = [this.memoryOf(from), this.memoryOf(to)];
    const place = this.place();
    this.commands.push({ kind: 'copy', from: source, fromOffset, to: target, toOffset, size, place });
  }

  refuse(what: string): never {
    throw this.refusal(what);
  }

  // What kernels ask the backend for:

  bindGroup({ layout, entries }: GPUBindGroupDescriptor): GPUBindGroup {
    const bindings = [...entries].map(({ binding, resource }): Binding => {
      if (!('buffer' in resource)) return this.refuse('it uses a texture');
      const { buffer, offset = 0, size = buffer.size - offset } = resource;
      return { binding, memory: this.memoryOf(buffer), offset, size };
    });
    return disguiseGroup({ layout, bindings });
  }

  writeBuffer(
    buffer: GPUBuffer,
    offset: number,
    data: AllowSharedBufferSource,
    dataOffset = 0,
    size?: number,
  ): void {
    const target = virtual(buffer);
    if (target === undefined) this.refuse('it writes to memory outside of the function');
    const isView = ArrayBuffer.isView(data);
    const unit = isView && 'BYTES_PER_ELEMENT' in data ? (data.BYTES_PER_ELEMENT as number) : 1;
    const start = (isView ? data.byteOffset : 0) + dataOffset * unit;
    const bytes = size === undefined ? data.byteLength - dataOffset * unit : size * unit;
    target.bytes ??= new Uint8Array(target.size);
    target.bytes.set(new Uint8Array(isView ? data.buffer : data, start, bytes), offset);
  }

  /** Brings a tensor that was there before to the device; what is made in the function stays virtual. */
  upload(dataId: tf.DataId, uploadVirtually: () => void, acquire: Acquire): void {
    const data = this.backend.tensorMap.get(dataId);
    if (data.resource != null) return;
    if (this.made.has(dataId)) {
      uploadVirtually();
      return;
    }
    const bytes = data.values === null ? null : toBytes(data.values, data.dtype);
    const size = 4 * tf.util.sizeFromShape(data.shape);
    const buffer = acquire(size, tensorUsage());
    if (bytes !== null) this.backend.device.queue.writeBuffer(buffer, 0, bytes as Uint8Array<ArrayBuffer>);
    data.resource = buffer;
    data.values = null;
    const variable = this.variables.get(dataId);
    this.outside.set(
      buffer,
      variable === undefined
        ? { kind: 'constant', size, bytes, buffer, isUniform: false }
        : { kind: 'variable', variable, size },
    );
  }

  noteMade(dataId: tf.DataId): void {
    this.made.add(dataId);
  }

  /** Whether the tensor is an argument, a variable, or computed from one: its values are not known. */
  isUnknown({ dataId }: tf.TensorInfo): boolean {
    return this.variables.has(dataId) || this.backend.tensorMap.get(dataId).resource != null;
  }

  /** Refuses to read what is different in every call. */
  readSync(
    dataId: tf.DataId,
    read: (dataId: tf.DataId) => tf.backend_util.BackendValues,
  ): tf.backend_util.BackendValues {
    const { values } = this.backend.tensorMap.get(dataId);
    if (values === null || this.variables.has(dataId)) throw this.readRefusal();
    return read(dataId);
  }

  /** A promise of numbers: nobody may ever look whether it was refused. */
  noteRead(): void {
    this.wasRead ??= this.readRefusal();
  }

  assertNothingRead(): void {
    if (this.wasRead !== null) throw this.wasRead;
  }

  // What it all means:

  memoryOf(buffer: GPUBuffer): Memory {
    const made = virtual(buffer);
    if (made === undefined) return this.memoryOutside(buffer);
    made.memory ??= this.memoryInside(made);
    return made.memory;
  }

  private memoryOutside(buffer: GPUBuffer): Memory {
    const known = this.outside.get(buffer);
    if (known !== undefined) return known;
    const memory: Memory = {
      kind: 'constant',
      size: buffer.size,
      bytes: null,
      buffer,
      isUniform: false,
    };
    this.outside.set(buffer, memory);
    return memory;
  }

  private memoryInside({ size, usage, bytes }: VirtualBuffer): Memory {
    if (bytes === null) return this.temporary(size);
    const isUniform = (usage & GPUBufferUsage.UNIFORM) !== 0;
    const words = new Uint32Array(bytes.buffer);
    const [word = 0] = words;
    if (!isUniform && size >= MIN_FILLED_BYTES && words.every((other) => other === word)) {
      const memory = this.temporary(size);
      this.commands.push({ kind: 'fill', to: memory, word, place: this.place() });
      return memory;
    }
    const key = `${isUniform ? 'u' : 's'}${words.join()}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const memory: Constant = { kind: 'constant', size, bytes, buffer: null, isUniform };
    this.constants.set(key, memory);
    return memory;
  }

  private temporary(size: number): Memory {
    this.temporaries += 1;
    return { kind: 'temporary', id: this.temporaries - 1, size };
  }

  /** Declares which variable a buffer belongs to. */
  declareVariables(): void {
    for (const [dataId, variable] of this.variables) {
      const { resource } = this.backend.tensorMap.get(dataId);
      if (resource == null) continue;
      this.outside.set(resource, { kind: 'variable', variable, size: resource.size });
    }
  }

  valueFor({ dataId, shape, dtype }: tf.Tensor): Value {
    if (dtype === 'string' || dtype === 'complex64')
      return this.refuse(`a tensor of type ${dtype} cannot be recorded`);
    const variable = this.variables.get(dataId);
    const data = this.backend.tensorMap.get(dataId);
    if (variable !== undefined) {
      return { shape, dtype, source: { kind: 'variable', variable, size: 4 * variable.size } };
    }
    if (data.resource != null) return { shape, dtype, source: this.memoryOf(data.resource) };
    if (data.values === null) throw new Error('internal: a tensor without values.');
    return { shape, dtype, source: { kind: 'host', values: data.values } };
  }
}

type Acquire = (size: number, usage: number) => GPUBuffer;

/** Calls `f` with everything that it asks the device for reported to `recorder`; nothing reaches the device. */
function whileRecording<T>(recorder: Recorder, backend: WebgpuBackend, kept: Kept, f: () => T): T {
  const { bufferManager, device } = backend;
  const acquire = bufferManager.acquireBuffer.bind(bufferManager);
  const release = bufferManager.releaseBuffer.bind(bufferManager);
  const write = backend.write.bind(backend);
  const upload = backend.uploadToGPU.bind(backend);
  const dispose = backend.disposeData.bind(backend);
  const onHost = backend.shouldExecuteOnCPU.bind(backend);
  const readSync = backend.readSync.bind(backend);
  const restores = [
    replaceMethods<Pick<typeof bufferManager, 'acquireBuffer' | 'releaseBuffer'>>(bufferManager, {
      acquireBuffer: (size, usage, isMapped = false) => disguise(new VirtualBuffer(size, usage, isMapped)),
      releaseBuffer: (buffer, reuse) => {
        if (virtual(buffer) === undefined) release(buffer, reuse);
      },
    }),
    replaceMethods<Pick<GPUDevice, 'createBindGroup'>>(device, {
      createBindGroup: (descriptor) => recorder.bindGroup(descriptor),
    }),
    replaceMethods<WebgpuBackend>(backend, {
      queue: {
        writeBuffer: (
          buffer: GPUBuffer,
          offset: number,
          data: AllowSharedBufferSource,
          from?: number,
          size?: number,
        ) => {
          recorder.writeBuffer(buffer, offset, data, from, size);
          return undefined;
        },
      },
      commandEncoder: commandEncoder(recorder),
      computePassEncoder: null,
      commandQueueOwnedIds: { add: () => undefined, has: () => false },
      uniformPendingDisposal: [],
      stagingPendingDisposal: [],
      endComputePassEncoder: () => {
        backend.computePassEncoder = null;
      },
      submitQueue: () => {
        backend.dispatchCountInPass = 0;
        backend.uniformPendingDisposal.length = 0;
        backend.stagingPendingDisposal.length = 0;
      },
      write: (values, shape, dtype) => {
        const dataId = write(values, shape, dtype);
        recorder.noteMade(dataId);
        return dataId;
      },
      uploadToGPU: (dataId) => {
        recorder.upload(dataId, () => { upload(dataId); }, acquire); // prettier-ignore
      },
      disposeData: (dataId, force) => {
        if (!kept.has(dataId)) return dispose(dataId, force);
        backend.decRef(dataId);
        return false;
      },
      shouldExecuteOnCPU: (inputs, threshold) =>
        !inputs.some((input) => recorder.isUnknown(input)) && onHost(inputs, threshold),
      readSync: (dataId) => recorder.readSync(dataId, readSync),
      read: () => {
        recorder.noteRead();
        return Promise.reject(recorder.readRefusal());
      },
    }),
  ];
  try {
    recorder.declareVariables();
    return recorder.follow(f);
  } finally {
    for (const restore of restores.reverse()) restore();
    backend.dispatchCountInPass = 0;
  }
}

/** The data of variables: not freed when a recorded function assigns another value. */
type Kept = ReadonlyMap<tf.DataId, tf.Variable>;

/** Gives a variable back the data that it had; what a recorded function assigned is dropped. */
function restoreVariable(variable: tf.Variable, dataId: tf.DataId): void {
  tf.engine().disposeTensor(variable);
  variable.dataId = dataId;
  tf.engine().incRef(variable, tf.backend());
}

/**
 * Runs a function on tensors without memory and records what it asks the webgpu backend for. Nothing is computed and
 * nothing changes; the variables are what they were.
 *
 * @param name Of the function, for error messages.
 * @param args Borrowed.
 * @throws Error that names operation and place if the function cannot be recorded.
 */
export function record<A extends readonly unknown[]>(
  name: string,
  backend: WebgpuBackend,
  f: (...args: A) => unknown,
  args: A,
): Recording {
  backend.endComputePassEncoder();
  if (backend.commandEncoder !== null) backend.submitQueue();
  const registered = Object.values(tf.engine().state.registeredVariables).filter(({ dataId }) =>
    backend.tensorMap.has(dataId),
  );
  const variables = new Map(registered.map((variable) => [variable.dataId, variable]));
  const recorder = new Recorder(name, backend, variables);
  let recording: Recording | undefined; // not a result of the scope, which would search it for tensors
  const tensors: tf.Tensor[] = [];
  const run = () => {
    const standIns = mapLeaves(args, (_, value) => {
      if (!isTensor(value) || value instanceof tf.Variable) return value;
      if (value.dtype === 'string' || value.dtype === 'complex64')
        throw new TypeError(
          `compile: arguments of ${name} must be numbers, got a tensor of type ${value.dtype}.`,
        );
      tensors.push(value);
      return recorder.standIn(value, tensors.length - 1); // its own, for the same tensor may be passed twice
    }) as A;
    const made = f(...standIns);
    checkResult(name, made);
    recorder.assertNothingRead();
    const results = tensorsIn(made).map(({ path, tensor }) => ({ path, ...recorder.valueFor(tensor) }));
    const assigned = new Map<tf.Variable, Value>();
    for (const [dataId, variable] of variables) {
      if (variable.isDisposed) throw recorder.refusal(`it disposes the variable ${variable.name}`);
      if (variable.dataId !== dataId) assigned.set(variable, recorder.valueFor(variable));
    }
    const skeleton = mapLeaves(made, (_, value) => (isTensor(value) ? null : value));
    const shapes = tensors.map(({ shape, dtype }) => ({ shape, dtype }));
    recording = { commands: recorder.commands, arguments: shapes, results, skeleton, assigned };
  };
  const runAndRestore = () => {
    try {
      run();
    } finally {
      for (const [dataId, variable] of variables)
        if (!variable.isDisposed && variable.dataId !== dataId) restoreVariable(variable, dataId);
    }
  };
  const recordAll = () => {
    whileRecording(recorder, backend, variables, () => {
      tf.tidy(runAndRestore); // which frees what the function made while virtual memory is still understood
    });
  };
  withOrdinaryBuffers(backend, variables.values(), recordAll);
  if (recording === undefined) throw new Error('internal: there is no recording.');
  return recording;
}
