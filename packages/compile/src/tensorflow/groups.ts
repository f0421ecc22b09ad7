import { dataTypes } from './nodeBackend';
import type { RecordedOp, Recording, Source } from './recording';

/** Operations that XLA makes one loop of. */
const elementwise = new Set(
  (
    'Abs Add AddV2 Cast Ceil Cos Cosh Div DivNoNan Equal Erf Exp Expm1 Floor Greater GreaterEqual IsFinite Less ' +
    'LessEqual Log Log1p LogicalAnd LogicalNot LogicalOr Max Maximum Mean Min Minimum Mul Neg NotEqual OnesLike Pow ' +
    'RealDiv Reciprocal Relu Round Rsqrt Select SelectV2 Sigmoid Sign Sin Sinh Softplus Sqrt Square SquaredDifference ' +
    'Sub Sum Tanh ZerosLike'
  ).split(' '),
);

const reductions = new Set(['Max', 'Mean', 'Min', 'Sum']);

/** Operations that only say how elements are laid out: part of a loop, but no reason for one. */
const layout = new Set(['BroadcastTo', 'ExpandDims', 'Fill', 'Identity', 'Reshape', 'Squeeze']);

const types: ReadonlySet<string> = new Set(['float32', 'int32', 'bool']);

/** Below this number of elements, calling XLA costs more than it saves. */
const MIN_ELEMENTS = 8192;

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** A value that crosses the border of a group, and its type in TensorFlow. */
interface Port {
  readonly source: Source;
  readonly type: number;
}

/** Operations that XLA compiles as one. */
export interface Group {
  /** Number of its first operation. The others follow without a gap. */
  readonly start: number;
  readonly end: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** Text that is the same for the same value. */
export function sourceKey(source: Source): string {
  switch (source.kind) {
    case 'op':
      return `${source.op}:${source.output}`;
    case 'argument':
      return `x${source.index}`;
    case 'variable':
      return `v${source.variable.id}`;
    case 'constant':
      throw new Error('internal: a constant has no key.');
  }
}

/** Shape of a value of a recording. */
export function shapeOf({ ops, arguments: args }: Recording, source: Source): readonly number[] {
  switch (source.kind) {
    case 'op':
      return ops[source.op]?.outputs[source.output]?.shape ?? [];
    case 'argument':
      return args[source.index]?.shape ?? [];
    case 'variable':
      return source.variable.shape;
    case 'constant':
      return source.constant.shape;
  }
}

/** Whether there is enough to compute: several operations, or a sum, over enough elements. */
function isWorthwhile(recording: Recording, start: number, end: number): boolean {
  const ops = recording.ops.slice(start, end);
  const computing = ops.filter(({ op }) => elementwise.has(op));
  const shapes = ops.flatMap(({ inputs, outputs }) => [
    ...inputs.map((source) => shapeOf(recording, source)),
    ...outputs.map(({ shape }) => shape),
  ]);
  const isEnough = computing.length >= 2 || computing.some(({ op }) => reductions.has(op));
  return isEnough && Math.max(...shapes.map(sizeOf)) >= MIN_ELEMENTS;
}

/**
 * Runs of operations with one mark that XLA can compile. All that a run takes was there before it began, so that
 * computing it as one makes no circle.
 */
function runsOf(ops: readonly RecordedOp[]): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  let start = 0;
  for (let i = 0; i <= ops.length; i++) {
    const [before, op] = [ops[start], ops[i]];
    const goesOn = op !== undefined && op.mark === before?.mark && canJoin(op);
    if (goesOn) continue;
    if (i > start && before?.mark != null && canJoin(before)) runs.push({ start, end: i });
    start = i;
  }
  return runs;
}

function canJoin({ op, outputs }: RecordedOp): boolean {
  return (elementwise.has(op) || layout.has(op)) && outputs.every(({ dtype }) => types.has(dtype));
}

/** The groups of operations that are marked with `fused`, in order. */
export function groupsOf(recording: Recording): Group[] {
  const { ops } = recording;
  const runs = runsOf(ops).filter(({ start, end }) => isWorthwhile(recording, start, end));
  const usedBeyond = lastUses(recording);
  return runs.map(({ start, end }) => {
    const inputs = new Map<string, Port>();
    for (const op of ops.slice(start, end)) {
      for (const source of op.inputs) {
        const isOwn = source.kind === 'op' && source.op >= start;
        if (source.kind === 'constant' || isOwn) continue;
        inputs.set(sourceKey(source), { source, type: dataTypes[typeOf(recording, source)] });
      }
    }
    const outputs: Port[] = [];
    for (let op = start; op < end; op++) {
      for (const [output, { dtype }] of (ops[op]?.outputs ?? []).entries()) {
        const source = { kind: 'op', op, output } as const;
        if ((usedBeyond.get(sourceKey(source)) ?? -1) >= end)
          outputs.push({ source, type: dataTypes[dtype] });
      }
    }
    return { start, end, inputs: [...inputs.values()], outputs };
  });
}

/** For each value the number of the last operation that takes it; infinity if it leaves the function. */
function lastUses({ ops, results, assigned }: Recording): Map<string, number> {
  const uses = new Map<string, number>();
  const use = (source: Source, at: number) => {
    if (source.kind === 'op') uses.set(sourceKey(source), at);
  };
  for (const [i, { inputs, after }] of ops.entries()) {
    for (const source of inputs) use(source, i);
    if (after !== null) use(after, i);
  }
  for (const { source } of results) use(source, Infinity);
  for (const source of assigned.values()) use(source, Infinity);
  return uses;
}

/** Type of a value of a recording. */
export function typeOf({ ops, arguments: args }: Recording, source: Source): keyof typeof dataTypes {
  switch (source.kind) {
    case 'op':
      return ops[source.op]?.outputs[source.output]?.dtype ?? 'float32';
    case 'argument':
      return args[source.index]?.dtype ?? 'float32';
    case 'variable':
      return source.variable.dtype;
    case 'constant':
      throw new Error('internal: the type of a constant is its own.');
  }
}
