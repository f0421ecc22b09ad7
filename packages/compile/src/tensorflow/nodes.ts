import { dataTypes } from './nodeBackend';
import type { Binding, OpAttr } from './nodeBackend';
import type { AttrMessage, NodeMessage, ShapeMessage, TensorMessage } from './messages';
import { outputName } from './outputNames';
import type { Constant } from './recording';

const text = new TextEncoder();

export const shapeOf = (sizes: readonly number[]): ShapeMessage => ({ dim: sizes.map((size) => ({ size })) });

export const textAttr = (value: string): AttrMessage => ({ s: text.encode(value) });

/** How a value is named: in a graph `name:0`, inside of a function `name:product:0`. */
export type Reference = (node: NodeMessage, output?: number) => string;

/** A value in the graph itself. */
export const inGraph: Reference = ({ name }, output = 0) => (output === 0 ? name : `${name}:${output}`);

/** A value inside of a function. */
export const inFunction: Reference = ({ name, op }, output = 0) => `${name}:${outputName(op, output)}`;

/** A value under another name, there only after other nodes are done. */
export function identity(
  name: string,
  type: number,
  input: string,
  after: readonly string[] = [],
): NodeMessage {
  return { name, op: 'Identity', input: [input, ...after.map((node) => `^${node}`)], attr: { T: { type } } };
}

/** An attribute of an executed operation as one of a graph's node. */
export function attrOf({ name, type, value }: OpAttr, binding: Binding): AttrMessage {
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return { type: value as number };
    case binding.TF_ATTR_STRING:
      return textAttr(value as string);
    case binding.TF_ATTR_SHAPE:
      return { shape: shapeOf(value as number[]) };
    case binding.TF_ATTR_INT:
      return Array.isArray(value) ? { list: { i: value as number[] } } : { i: value as number };
    case binding.TF_ATTR_FLOAT:
      return Array.isArray(value) ? { list: { f: value as number[] } } : { f: value as number };
    case binding.TF_ATTR_BOOL:
      return Array.isArray(value) ? { list: { b: value as boolean[] } } : { b: Boolean(value) };
    default:
      throw new Error(`internal: the attribute ${name} has the unknown type ${type}.`);
  }
}

function tensorOf({ dtype, shape, bytes }: Constant): TensorMessage {
  return { dtype, tensor_shape: shapeOf(shape), tensor_content: bytes };
}

/** A constant. */
export function constNode(name: string, constant: Constant): NodeMessage {
  return {
    name,
    op: 'Const',
    attr: { dtype: { type: constant.dtype }, value: { tensor: tensorOf(constant) } },
  };
}

const MIN_FILLED = 64;

/** The value that all elements of a large float32 constant have, or null. */
function uniformBytes({ dtype, bytes }: Constant): Uint8Array | null {
  if (dtype !== dataTypes.float32 || bytes.length < 4 * MIN_FILLED) return null;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const [first] = words;
  return words.every((word) => word === first) ? bytes.slice(0, 4) : null;
}

/**
 * A constant and the nodes that it needs. Equal elements are filled in by TensorFlow: tfjs makes tensors
 * of ones on the host in the gradients of Sum and Mean, which would be most of the graph's bytes.
 */
export function constantNodes(
  name: string,
  constant: Constant,
  reference: Reference,
): { node: NodeMessage; helpers: NodeMessage[] } {
  const value = uniformBytes(constant);
  if (value === null) return { node: constNode(name, constant), helpers: [] };
  const sizes = Int32Array.from(constant.shape);
  const dims = constNode(`${name}/dims`, {
    dtype: dataTypes.int32,
    shape: [sizes.length],
    bytes: new Uint8Array(sizes.buffer),
  });
  const scalar = constNode(`${name}/value`, { dtype: dataTypes.float32, shape: [], bytes: value });
  const attr = { T: { type: dataTypes.float32 }, index_type: { type: dataTypes.int32 } };
  const node = { name, op: 'Fill', input: [reference(dims), reference(scalar)], attr };
  return { node, helpers: [dims, scalar] };
}
