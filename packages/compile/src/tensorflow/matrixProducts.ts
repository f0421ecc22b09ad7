import { shapeOf } from './groups';
import type { OpAttr } from './nodeBackend';
import type { RecordedOp, Recording } from './recording';

const renamed: Readonly<Record<string, string>> = { adj_x: 'transpose_a', adj_y: 'transpose_b' };
const rename = (attr: OpAttr): OpAttr => ({ ...attr, name: renamed[attr.name] ?? attr.name });

/**
 * The same computation with the products of plain matrices as MatMul and a vector that is added to one as BiasAdd, which
 * TensorFlow computes in one go. tfjs knows only the batched product and Add. The numbers are the same.
 */
export function withPlainProducts(recording: Recording): Recording {
  const rank = (op: RecordedOp, input: number) => {
    const source = op.inputs[input];
    return source === undefined ? -1 : shapeOf(recording, source).length;
  };
  const ops: RecordedOp[] = [];
  for (const op of recording.ops) {
    const [first] = op.inputs;
    const producer = first?.kind === 'op' ? ops[first.op] : undefined;
    if (op.op === 'BatchMatMulV2' && rank(op, 0) === 2 && rank(op, 1) === 2) {
      ops.push({ ...op, op: 'MatMul', attrs: op.attrs.map(rename) });
    } else if (op.op === 'Add' && producer?.op === 'MatMul' && rank(op, 1) === 1 && op.mark === null) {
      ops.push({ ...op, op: 'BiasAdd', attrs: op.attrs.filter(({ name }) => name === 'T') });
    } else {
      ops.push(op);
    }
  }
  return { ...recording, ops };
}
