import * as tf from '@tensorflow/tfjs-core';
import { checkResult, isTensor, mapLeaves, tensorsIn } from '../containers';
import { currentMark } from '../fused';
import { withOrder } from '../order';
import { replaceMethods } from '../recording/replaceMethods';
import { randomFix, Tracker } from '../recording/tracker';
import { dataTypes, emptyTensor, withOwnDataId } from './nodeBackend';
import type { Int64Scalar, NodeBackend, OpAttr } from './nodeBackend';
import { isShapedByValues, Probe } from './probe';
import type { Constant, RecordedOp, Recording, Source, TensorSpec } from './recording';

/** Operations that draw anew at every run: as constants of a recording they would repeat. */
const randomOps = /^(Random|Stateless|Multinomial|Truncated)/;

/**
 * Variables that share their memory with another tensor get data of their own: a recording tells tensors apart by their
 * data, and what starts as the copy of a variable is not that variable.
 */
function separateVariables(backend: NodeBackend): void {
  for (const variable of Object.values(tf.engine().state.registeredVariables)) {
    if (backend.tensorMap.get(variable.dataId).refCount > 1) {
      tf.tidy(() => {
        variable.assign(withOwnDataId(backend, variable));
      });
    }
  }
}

/** One recording that is being made. */
class Recorder extends Tracker {
  readonly ops: RecordedOp[] = [];
  private readonly sources = new Map<tf.DataId, Source>();
  private readonly int64s = new Map<Int64Scalar, Source>();

  constructor(
    name: string,
    private readonly backend: NodeBackend,
    private readonly probe: Probe,
    readonly read: NodeBackend['readSync'],
  ) {
    super(name);
  }

  /** Declares what a tensor is. */
  declare(tensor: tf.TensorInfo, source: Source): void {
    this.sources.set(tensor.dataId, source);
  }

  sourceOf(tensor: tf.TensorInfo | Int64Scalar): Source {
    if ('valueArray' in tensor) return this.int64Source(tensor);
    const known = this.sources.get(tensor.dataId);
    if (known !== undefined) return known;
    const source: Source = { kind: 'constant', constant: this.readConstant(tensor) };
    this.declare(tensor, source);
    return source;
  }

  private int64Source(scalar: Int64Scalar): Source {
    const known = this.int64s.get(scalar);
    if (known !== undefined) return known;
    const { buffer, byteOffset } = scalar.valueArray;
    const bytes = new Uint8Array(buffer.slice(byteOffset, byteOffset + 8));
    const source: Source = { kind: 'constant', constant: { dtype: 9, shape: [], bytes } };
    this.int64s.set(scalar, source);
    return source;
  }

  private readConstant({ dataId, dtype, shape }: tf.TensorInfo): Constant {
    if (dtype === 'string') throw this.refusal('a string tensor cannot be recorded');
    const { dtype: type } = this.backend.tensorMap.get(dataId);
    const values = this.read(dataId) as Float32Array;
    const { buffer, byteOffset, byteLength } = values;
    return {
      dtype: type,
      shape: [...shape],
      bytes: new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength)),
    };
  }

  /** Notes an operation and returns tensors without memory for its results. */
  note(
    op: string,
    attrs: OpAttr[],
    tensors: readonly (tf.TensorInfo | Int64Scalar)[],
    numOutputs: number,
  ): tf.Tensor[] {
    if (randomOps.test(op)) throw this.refusal(`it draws random numbers with ${op}`, randomFix);
    if (isShapedByValues(op)) throw this.refusal(`the shape of what ${op} returns depends on values`);
    const inputs = tensors.map((tensor) => ({ tensor, source: this.sourceOf(tensor) }));
    const outputs = this.probe.outputs(op, attrs, inputs, numOutputs);
    const made = outputs.map((spec, output) => {
      const tensor = emptyTensor(this.backend, spec);
      this.declare(tensor, { kind: 'op', op: this.ops.length, output });
      return tensor;
    });
    const sources = inputs.map(({ source }) => source);
    this.ops.push({
      op,
      attrs,
      inputs: sources,
      outputs,
      after: null,
      place: this.place(),
      mark: currentMark(),
    });
    return made;
  }

  /** The same values under new names, computed after something else. */
  noteOrder(tensors: readonly tf.Tensor[], after: tf.Tensor): tf.Tensor[] {
    const order = this.sourceOf(after);
    return tensors.map((tensor) => {
      const source = this.sourceOf(tensor);
      const type = { name: 'T', type: this.backend.binding.TF_ATTR_TYPE, value: dataTypes[tensor.dtype] };
      const outputs = [{ shape: tensor.shape, dtype: tensor.dtype }];
      const made = emptyTensor(this.backend, tensor);
      this.declare(made, { kind: 'op', op: this.ops.length, output: 0 });
      const place = this.place();
      this.ops.push({
        op: 'Identity',
        attrs: [type],
        inputs: [source],
        outputs,
        after: order,
        place,
        mark: null,
      });
      return made;
    });
  }

  /** Refuses to read what is different in every call. */
  readSync(dataId: tf.DataId): ReturnType<NodeBackend['readSync']> {
    const source = this.sources.get(dataId);
    if (source === undefined || source.kind === 'constant') return this.read(dataId);
    // Reads its indices to check their range, which the operation does too.
    if (this.kernel === 'GatherV2')
      return new Int32Array(tf.util.sizeFromShape(this.backend.tensorMap.get(dataId).shape));
    throw this.readRefusal();
  }
}

/** Calls `f` with everything that it does on the backend reported to `recorder`. */
function whileRecording<T>(recorder: Recorder, probe: Probe, backend: NodeBackend, f: () => T): T {
  const single = backend.executeSingleOutput.bind(backend);
  const multiple = backend.executeMultipleOutputs.bind(backend);
  const read = backend.readSync.bind(backend);
  const restoreBackend = replaceMethods<
    Pick<NodeBackend, 'executeSingleOutput' | 'executeMultipleOutputs' | 'readSync'>
  >(backend, {
    executeSingleOutput: (op, attrs, inputs) => {
      if (probe.isRunning) return single(op, attrs, inputs);
      const [output] = recorder.note(op, attrs, inputs, 1);
      if (output === undefined) throw new Error(`internal: ${op} returns nothing.`);
      return output;
    },
    executeMultipleOutputs: (op, attrs, inputs, numOutputs) =>
      probe.isRunning
        ? multiple(op, attrs, inputs, numOutputs)
        : recorder.note(op, attrs, inputs, numOutputs),
    readSync: (dataId) => (probe.isRunning ? read(dataId) : recorder.readSync(dataId)),
  });
  try {
    return recorder.follow(f);
  } finally {
    restoreBackend();
  }
}

/** Calls `f`, after which every variable is what it was before, whatever `f` assigned. */
function withVariablesRestored<T>(variables: readonly tf.Variable[], f: () => T): T {
  const values = variables.map((variable) => tf.keep(tf.clone(variable)));
  try {
    return f();
  } finally {
    for (const [i, variable] of variables.entries()) {
      const value = values[i];
      if (value === undefined || variable.isDisposed) continue;
      if (variable.dataId !== value.dataId) variable.assign(value);
    }
    tf.dispose(values);
  }
}

/**
 * Runs a function on tensors without memory and records the operations that it asks the tensorflow backend for. Nothing
 * is computed and nothing changes; the variables are what they were.
 *
 * @param name Of the function, for error messages.
 * @param args Borrowed.
 * @throws Error that names operation and place if the function cannot be recorded.
 */
export function record<A extends readonly unknown[]>(
  name: string,
  backend: NodeBackend,
  f: (...args: A) => unknown,
  args: A,
): Recording {
  separateVariables(backend);
  const probe = new Probe(backend.executeMultipleOutputs.bind(backend));
  const recorder = new Recorder(name, backend, probe, backend.readSync.bind(backend));
  const variables = Object.values(tf.engine().state.registeredVariables);
  const before = new Map(variables.map((variable) => [variable, variable.dataId]));
  for (const variable of variables) recorder.declare(variable, { kind: 'variable', variable });
  let recording: Recording | undefined; // not a result of the scope, which would search it for tensors
  withVariablesRestored(variables, () => {
    tf.tidy(() => {
      const tensors: TensorSpec[] = [];
      const standIns = mapLeaves(args, (_, value) => {
        if (!isTensor(value) || value instanceof tf.Variable) return value;
        const empty = emptyTensor(backend, value); // its own, for the same tensor may be passed twice
        recorder.declare(empty, { kind: 'argument', index: tensors.length });
        tensors.push({ shape: value.shape, dtype: value.dtype });
        return empty;
      }) as A;
      const made = withOrder(
        (tensors, after) => recorder.noteOrder(tensors, after),
        () => whileRecording(recorder, probe, backend, () => f(...standIns)),
      );
      checkResult(name, made);
      const results = tensorsIn(made).map(({ path, tensor }) => ({
        path,
        source: recorder.sourceOf(tensor),
      }));
      const assigned = new Map<tf.Variable, Source>();
      for (const [variable, dataId] of before) {
        if (variable.isDisposed) throw recorder.refusal(`it disposes the variable ${variable.name}`);
        if (variable.dataId !== dataId) assigned.set(variable, recorder.sourceOf(variable));
      }
      const skeleton = mapLeaves(made, (_, value) => (isTensor(value) ? null : value));
      recording = { ops: recorder.ops, arguments: tensors, results, skeleton, assigned };
    });
  });
  if (recording === undefined) throw new Error('internal: there is no recording.');
  return recording;
}
