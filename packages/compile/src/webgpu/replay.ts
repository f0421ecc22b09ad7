import * as tf from '@tensorflow/tfjs-core';
import { mapLeaves, tensorsIn } from '../containers';
import type { Arena } from './arena';
import { fillPipeline, fillWorkgroups } from './fill';
import { planMemory } from './memoryPlan';
import type { Lifetime } from './memoryPlan';
import type { Constant, Memory, Recording, Value } from './recording';
import { memoryOf, variablesOf } from './recording';
import { adopt, moveIn, release } from './residents';
import { tensorOf, toBytes } from './webgpuBackend';
import type { WebgpuBackend } from './webgpuBackend';

/** Where memory lies. */
interface Location {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** A command with everything that encoding it needs. */
type Step =
  | {
      readonly kind: 'dispatch';
      readonly pipeline: GPUComputePipeline;
      readonly group: GPUBindGroup;
      readonly workgroups: readonly [number, number, number];
    }
  | { readonly kind: 'copy'; readonly from: Location; readonly to: Location; readonly size: number };

/** What a recording takes on the device. */
export interface ReplayReport {
  /** Name of the function. */
  readonly name: string;
  readonly dispatches: number;
  /** Bytes of what lives only during a call; recordings of one program share them. */
  readonly temporaryBytes: number;
  /** Bytes of constants and of copies of the arguments. */
  readonly fixedBytes: number;
  /** Bytes of all temporaries if none shared memory with another. */
  readonly unsharedBytes: number;
}

/** Commands from submission to submission: a driver ends what takes it seconds. */
const COMMANDS_PER_SUBMISSION = 256;

/** A recording that is ready to be computed again and again. */
export class Replay {
  readonly report: ReplayReport;
  private readonly steps: Step[] = [];
  private readonly owned: GPUBuffer[] = [];
  private readonly places = new Map<Memory, Location>();
  private readonly variables: ReadonlySet<tf.Variable>;
  private readonly inputs: Location[];
  /** Memory of results and of new values of variables. */
  private readonly ends: readonly { readonly value: Value; readonly place: Location | null }[];

  constructor(
    name: string,
    private readonly backend: WebgpuBackend,
    private readonly recording: Recording,
    arena: Arena,
  ) {
    const { commands, results, assigned } = recording;
    this.variables = variablesOf(recording);
    const values: Value[] = [...results, ...assigned.values()];
    this.assertWithinLimits(name);
    const temporaryBytes = this.placeTemporaries(values, arena);
    for (const variable of this.variables)
      this.variablePlaces.set(variable, { buffer: adopt(backend, variable), offset: 0 });
    this.placeConstants(values);
    this.inputs = recording.arguments.map(({ shape }) =>
      this.ownBuffer(4 * tf.util.sizeFromShape([...shape])),
    );
    for (const command of commands) this.build(command);
    this.ends = values.map((value) => ({
      value,
      place: value.source.kind === 'host' ? null : this.placeOf(value.source),
    }));
    const fixed = this.owned.reduce((sum, { size }) => sum + size, 0);
    this.report = {
      name,
      dispatches: this.steps.filter(({ kind }) => kind === 'dispatch').length,
      temporaryBytes,
      fixedBytes: fixed,
      unsharedBytes: this.unsharedBytes,
    };
  }

  private readonly variablePlaces = new Map<tf.Variable, Location>();
  private unsharedBytes = 0;

  private assertWithinLimits(name: string): void {
    const limit = this.backend.device.limits.maxStorageBufferBindingSize;
    for (const command of this.recording.commands) {
      for (const { size } of memoryOf(command)) {
        if (size <= limit) continue;
        const kernel = command.place.kernel ?? 'an operation';
        throw new Error(
          `compile: ${name} needs a tensor of ${(size / 2 ** 20).toFixed(0)} MiB in ${kernel}, and this device binds at most ` +
            `${(limit / 2 ** 20).toFixed(0)} MiB. Use smaller batches.`,
        );
      }
    }
  }

  /** Shares the arena's buffers between temporaries; the bytes of those that are used. */
  private placeTemporaries(values: readonly Value[], arena: Arena): number {
    const { commands } = this.recording;
    const uses = new Map<Memory, { size: number; first: number; last: number }>();
    const use = (memory: Memory, at: number) => {
      if (memory.kind !== 'temporary') return;
      const known = uses.get(memory);
      if (known === undefined) uses.set(memory, { size: memory.size, first: at, last: at });
      else known.last = at;
    };
    for (const [at, command] of commands.entries()) for (const memory of memoryOf(command)) use(memory, at);
    for (const { source } of values) if (source.kind !== 'host') use(source, commands.length);
    const lifetimes: Lifetime[] = [...uses.values()];
    const { sizes, places } = planMemory(lifetimes);
    const buffers = arena.buffersFor(sizes);
    for (const [i, memory] of [...uses.keys()].entries()) {
      const buffer = buffers[places[i] ?? -1];
      if (buffer !== undefined) this.places.set(memory, { buffer, offset: 0 });
    }
    this.unsharedBytes = lifetimes.reduce((sum, { size }) => sum + size, 0);
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Constants lie side by side, those for uniforms and those for storage apart. */
  private placeConstants(values: readonly Value[]): void {
    const { device } = this.backend;
    const constants = new Set<Constant>();
    const note = (memory: Memory) => {
      if (memory.kind === 'constant') constants.add(memory);
    };
    for (const command of this.recording.commands) memoryOf(command).forEach(note);
    for (const { source } of values) if (source.kind !== 'host') note(source);
    for (const isUniform of [true, false]) {
      const group = [...constants].filter((constant) => constant.isUniform === isUniform);
      const { minUniformBufferOffsetAlignment, minStorageBufferOffsetAlignment } = device.limits;
      const alignment = isUniform ? minUniformBufferOffsetAlignment : minStorageBufferOffsetAlignment;
      const offsets: number[] = [];
      let end = 0;
      for (const { size } of group) {
        offsets.push(end);
        end += Math.ceil(size / alignment) * alignment;
      }
      if (end === 0) continue;
      const usage =
        (isUniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC) |
        GPUBufferUsage.COPY_DST;
      const buffer = this.backend.bufferManager.acquireBuffer(end, usage, false, false);
      this.owned.push(buffer);
      this.backend.ensureCommandEncoderReady();
      this.backend.endComputePassEncoder();
      for (const [i, constant] of group.entries()) {
        const offset = offsets[i] ?? 0;
        if (constant.buffer !== null)
          this.backend.commandEncoder?.copyBufferToBuffer(constant.buffer, 0, buffer, offset, constant.size);
        else if (constant.bytes !== null)
          device.queue.writeBuffer(buffer, offset, constant.bytes as Uint8Array<ArrayBuffer>);
        this.places.set(constant, { buffer, offset });
      }
      this.backend.submitQueue(); // before anybody frees the tensors of the constants
    }
  }

  private ownBuffer(size: number): Location {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.backend.bufferManager.acquireBuffer(Math.max(4, size), usage, false, false);
    this.owned.push(buffer);
    return { buffer, offset: 0 };
  }

  private placeOf(memory: Memory): Location {
    const place =
      memory.kind === 'argument'
        ? this.inputs[memory.index]
        : memory.kind === 'variable'
          ? this.variablePlaces.get(memory.variable)
          : this.places.get(memory);
    if (place === undefined) throw new Error(`internal: a ${memory.kind} has no place.`);
    return place;
  }

  private build(command: Recording['commands'][number]): void {
    const { device } = this.backend;
    if (command.kind === 'copy') {
      const [from, to] = [this.placeOf(command.from), this.placeOf(command.to)];
      this.steps.push({
        kind: 'copy',
        from: { buffer: from.buffer, offset: from.offset + command.fromOffset },
        to: { buffer: to.buffer, offset: to.offset + command.toOffset },
        size: command.size,
      });
      return;
    }
    if (command.kind === 'fill') {
      const { to, word } = command;
      const { buffer, offset } = this.placeOf(to);
      const pipeline = fillPipeline(device);
      const uniform = this.fillUniform(word, to.size / 4);
      const group = device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [
          { binding: 0, resource: { buffer, offset, size: to.size } },
          { binding: 1, resource: { buffer: uniform } },
        ],
      });
      this.steps.push({ kind: 'dispatch', pipeline, group, workgroups: fillWorkgroups(to.size / 4) });
      return;
    }
    const { pipeline, layout, bindings, workgroups } = command;
    const group = device.createBindGroup({
      layout,
      entries: bindings.map(({ binding, memory, offset, size }) => {
        const place = this.placeOf(memory);
        return { binding, resource: { buffer: place.buffer, offset: place.offset + offset, size } };
      }),
    });
    this.steps.push({ kind: 'dispatch', pipeline, group, workgroups });
  }

  private fillUniform(word: number, count: number): GPUBuffer {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.backend.bufferManager.acquireBuffer(8, usage, false, false);
    this.owned.push(buffer);
    this.backend.device.queue.writeBuffer(buffer, 0, Uint32Array.of(word, count));
    return buffer;
  }

  /** Computes the recording. */
  run(args: readonly unknown[]): unknown {
    const { backend, recording } = this;
    for (const variable of this.variables) moveIn(backend, variable);
    this.bringArguments(args);
    this.encode();
    const results = new Map<string, tf.Tensor>();
    const copies: [Value, Location, GPUBuffer][] = [];
    for (const [i, result] of recording.results.entries()) {
      const place = this.ends[i]?.place ?? null;
      results.set(result.path, this.resultTensor(result, place, copies));
    }
    const assignments = [...recording.assigned.keys()].map((variable, i) => {
      const end = this.ends[recording.results.length + i];
      if (end === undefined) throw new Error('internal: a variable without a new value.');
      return { variable, ...end };
    });
    this.copyOut(copies);
    this.assign(assignments);
    backend.submitQueue();
    return mapLeaves(recording.skeleton, (path, value) => results.get(path) ?? value);
  }

  private bringArguments(args: readonly unknown[]): void {
    const { backend } = this;
    const tensors = tensorsIn(args).flatMap(({ tensor }) => (tensor instanceof tf.Variable ? [] : [tensor]));
    for (const [i, { dataId, size }] of tensors.entries()) {
      const input = this.inputs[i];
      if (input === undefined || size === 0) continue;
      const data = backend.tensorMap.get(dataId);
      if (data.resource == null && data.values !== null) {
        const bytes = toBytes(data.values, data.dtype);
        backend.device.queue.writeBuffer(input.buffer, 0, bytes as Uint8Array<ArrayBuffer>);
        continue;
      }
      backend.uploadToGPU(dataId);
      const source = backend.tensorMap.get(dataId).resource;
      if (source == null) throw new Error('internal: an argument without numbers.');
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.commandEncoder?.copyBufferToBuffer(source, 0, input.buffer, 0, 4 * size);
    }
  }

  private encode(): void {
    const { backend } = this;
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    let pass: GPUComputePassEncoder | null = null;
    let pipeline: GPUComputePipeline | null = null;
    let count = 0;
    const endPass = () => {
      pass?.end();
      pass = null;
      pipeline = null;
    };
    for (const step of this.steps) {
      if (count === COMMANDS_PER_SUBMISSION) {
        endPass();
        backend.submitQueue();
        backend.ensureCommandEncoderReady();
        count = 0;
      }
      const encoder = backend.commandEncoder;
      if (encoder === null) throw new Error('internal: there is no encoder.');
      if (step.kind === 'copy') {
        endPass();
        const { from, to, size } = step;
        encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, size);
      } else {
        pass ??= encoder.beginComputePass();
        if (pipeline !== step.pipeline) {
          pipeline = step.pipeline;
          pass.setPipeline(pipeline);
        }
        pass.setBindGroup(0, step.group);
        pass.dispatchWorkgroups(...step.workgroups);
      }
      count += 1;
    }
    endPass();
  }

  /** A new tensor; its numbers are copied with those of the others. */
  private resultTensor(
    value: Value,
    place: Location | null,
    copies: [Value, Location, GPUBuffer][],
  ): tf.Tensor {
    const { shape, dtype, source } = value;
    if (source.kind === 'host') return tf.tensor((source.values as Float32Array).slice(), [...shape], dtype);
    const { dataId } = this.backend.makeTensorInfo([...shape], dtype);
    this.backend.uploadToGPU(dataId);
    const buffer = this.backend.tensorMap.get(dataId).resource;
    if (place === null || buffer == null) throw new Error('internal: a result without a place.');
    copies.push([value, place, buffer]);
    return tensorOf(dataId, [...shape], dtype);
  }

  private copyOut(copies: readonly [Value, Location, GPUBuffer][]): void {
    const { backend } = this;
    backend.ensureCommandEncoderReady();
    for (const [, { buffer, offset }, target] of copies)
      backend.commandEncoder?.copyBufferToBuffer(buffer, offset, target, 0, target.size);
  }

  /** Gives variables their new values, which may be the old ones of each other. */
  private assign(
    assignments: readonly { variable: tf.Variable; value: Value; place: Location | null }[],
  ): void {
    const { backend } = this;
    const old = new Set([...this.variablePlaces.values()].map(({ buffer }) => buffer));
    const direct: { from: Location; to: GPUBuffer }[] = [];
    const spare: GPUBuffer[] = [];
    for (const { variable, value, place } of assignments) {
      const to = this.variablePlaces.get(variable)?.buffer;
      if (to === undefined) throw new Error('internal: a variable without a place.');
      if (place === null) {
        if (value.source.kind !== 'host') throw new Error('internal: a value without a place.');
        backend.submitQueue(); // the old value is read before
        const bytes = toBytes(value.source.values, value.dtype);
        backend.device.queue.writeBuffer(to, 0, bytes as Uint8Array<ArrayBuffer>);
        backend.ensureCommandEncoderReady();
        continue;
      }
      if (!old.has(place.buffer)) {
        direct.push({ from: place, to });
        continue;
      }
      const copy = backend.bufferManager.acquireBuffer(to.size, to.usage);
      backend.commandEncoder?.copyBufferToBuffer(place.buffer, place.offset, copy, 0, to.size);
      spare.push(copy);
      direct.push({ from: { buffer: copy, offset: 0 }, to });
    }
    for (const { from, to } of direct)
      backend.commandEncoder?.copyBufferToBuffer(from.buffer, from.offset, to, 0, to.size);
    for (const buffer of spare) backend.bufferManager.releaseBuffer(buffer);
  }

  get usedVariables(): ReadonlySet<tf.Variable> {
    return this.variables;
  }

  /** Frees what the recording owns; its variables keep their values. */
  dispose(): void {
    for (const variable of this.variables) release(this.backend, variable);
    for (const buffer of this.owned) this.backend.bufferManager.releaseBuffer(buffer, false);
    this.owned.length = 0;
  }
}
