import type * as tf from '@tensorflow/tfjs-core';
import { Body } from './body';
import type { Leaf } from './body';
import { compiledCall, FunctionLibrary } from './functions';
import { groupsOf, sourceKey, typeOf } from './groups';
import type { Group } from './groups';
import type { GraphMessage, NodeMessage } from './messages';
import { withPlainProducts } from './matrixProducts';
import { dataTypes } from './nodeBackend';
import type { Binding } from './nodeBackend';
import { constNode, identity, inFunction, inGraph, shapeOf, textAttr } from './nodes';
import { variablesOf } from './recording';
import type { Recording, Source } from './recording';

/** A recorded function that becomes part of a graph. */
export interface GraphFunction {
  /** Prefix of its nodes, unique in the graph. */
  readonly id: string;
  /** The function's name in messages. */
  readonly name: string;
  readonly recording: Recording;
  readonly xla: boolean | 'fused';
  readonly bfloat16: boolean;
}

/** Number of a variable in the graph. */
type SlotOf = (variable: tf.Variable) => number;

/** Names of the nodes that the session is run with. */
export const endpoints = {
  argument: (id: string, index: number): string => `${id}/x${index}`,
  result: (id: string, index: number): string => `${id}/y${index}`,
  /** A scalar that is computed when all variables are assigned. */
  done: (id: string): string => `${id}/done`,
  variable: (slot: number): string => `s${slot}/value`,
  newValue: (slot: number): string => `s${slot}/new`,
  /** A scalar that is computed when the variable has its new value. */
  set: (slot: number): string => `s${slot}/set`,
};

const ZERO = constNode('zero', { dtype: dataTypes.float32, shape: [], bytes: new Uint8Array(4) });

/** What is there for every variable: its resource, reading and replacing its value. */
function slotNodes(slot: number, { shape, dtype }: tf.Variable): NodeMessage[] {
  const type = { type: dataTypes[dtype] };
  const shapeAttr = { shape: shapeOf(shape) };
  const handle = `s${slot}`;
  const shared = { shared_name: textAttr(handle), container: textAttr('') };
  const assign = `s${slot}/assign`;
  return [
    { name: handle, op: 'VarHandleOp', attr: { dtype: type, shape: shapeAttr, ...shared } },
    { name: endpoints.variable(slot), op: 'ReadVariableOp', input: [handle], attr: { dtype: type } },
    { name: endpoints.newValue(slot), op: 'Placeholder', attr: { dtype: type, shape: shapeAttr } },
    {
      name: assign,
      op: 'AssignVariableOp',
      input: [handle, endpoints.newValue(slot)],
      attr: { dtype: type },
    },
    identity(endpoints.set(slot), dataTypes.float32, ZERO.name, [assign]),
  ];
}

/** A function's arguments, and its own reads of variables. */
function openingNodes(
  { id, recording }: GraphFunction,
  slotOf: SlotOf,
): { nodes: NodeMessage[]; leaf: (source: Leaf) => string } {
  const placeholders = recording.arguments.map(({ shape, dtype }, i): NodeMessage => {
    const attr = { dtype: { type: dataTypes[dtype] }, shape: { shape: shapeOf(shape) } };
    return { name: endpoints.argument(id, i), op: 'Placeholder', attr };
  });
  const readName = (variable: tf.Variable) => `${id}/v${slotOf(variable)}`;
  const reads = [...variablesOf(recording)].map((variable): NodeMessage => {
    const attr = { dtype: { type: dataTypes[variable.dtype] } };
    return { name: readName(variable), op: 'ReadVariableOp', input: [`s${slotOf(variable)}`], attr };
  });
  const leaf = (source: Leaf) =>
    source.kind === 'argument' ? endpoints.argument(id, source.index) : readName(source.variable);
  return { nodes: [...placeholders, ...reads], leaf };
}

/** All values that leave a function: results, then new values of variables. */
function exitsOf({ results, assigned }: Recording): Source[] {
  return [...results.map(({ source }) => source), ...assigned.values()];
}

function exitType(recording: Recording, source: Source): number {
  return source.kind === 'constant' ? source.constant.dtype : dataTypes[typeOf(recording, source)];
}

/** Results and assignments of variables, from references to what leaves the function. */
function closingNodes(
  { id, recording }: GraphFunction,
  slotOf: SlotOf,
  leaf: (source: Leaf) => string,
  exits: readonly string[],
): NodeMessage[] {
  const results = recording.results.map(({ source }, i) =>
    identity(endpoints.result(id, i), exitType(recording, source), exits[i] ?? ''),
  );
  const assigns = [...recording.assigned.keys()].map((variable, i): NodeMessage => {
    const slot = slotOf(variable);
    return {
      name: `${id}/a${slot}`,
      op: 'AssignVariableOp',
      // After the read: the new value need not depend on the old one, which the rest of the function may still need.
      input: [`s${slot}`, exits[results.length + i] ?? '', `^${leaf({ kind: 'variable', variable })}`],
      attr: { dtype: { type: dataTypes[variable.dtype] } },
    };
  });
  const names = assigns.map(({ name }) => name);
  return [...results, ...assigns, identity(endpoints.done(id), dataTypes.float32, ZERO.name, names)];
}

/** A group of a recording's operations as a function that XLA compiles, and the call of it without its inputs. */
function groupCall(
  { id, recording, bfloat16 }: GraphFunction,
  { start, end, inputs, outputs }: Group,
  binding: Binding,
  library: FunctionLibrary,
): NodeMessage {
  const places = new Map(inputs.map(({ source }, i) => [sourceKey(source), i]));
  // What comes from outside is an argument; the group's own operations are counted from 0, so that equal groups, such
  // as those of the blocks of a network, are one function, which is compiled once.
  const inside = (source: Source): Source => {
    if (source.kind === 'constant') return source;
    const index = places.get(sourceKey(source));
    if (index !== undefined) return { kind: 'argument', index };
    return source.kind === 'op' ? { ...source, op: source.op - start } : source;
  };
  const leaf = (source: Leaf) => `x${source.kind === 'argument' ? source.index : -1}`;
  const body = new Body({ prefix: '', reference: inFunction, leaf, binding, bfloat16 });
  for (let i = start; i < end; i++) {
    const op = recording.ops[i];
    if (op !== undefined) body.add(i - start, { ...op, inputs: op.inputs.map(inside) });
  }
  const exits = outputs.map(({ source, type }, i) => identity(`y${i}`, type, body.refer(inside(source))));
  const types = { in: inputs.map(({ type }) => type), out: outputs.map(({ type }) => type) };
  const name = library.add(
    [...body.nodes, ...exits],
    types,
    exits.map((node) => inFunction(node)),
  );
  return compiledCall(`${id}/g${start}`, name, types);
}

/** The function's operations one by one, but groups of marked ones compiled by XLA. */
function plainNodes(
  f: GraphFunction,
  slotOf: SlotOf,
  binding: Binding,
  library: FunctionLibrary,
): NodeMessage[] {
  const { id, recording, bfloat16 } = f;
  const { nodes, leaf } = openingNodes(f, slotOf);
  const body = new Body({ prefix: `${id}/`, reference: inGraph, leaf, binding, bfloat16 });
  const groups = f.xla === 'fused' ? groupsOf(recording) : [];
  const groupAt = new Map(groups.map((group) => [group.start, group]));
  for (let i = 0; i < recording.ops.length; i++) {
    const [op, group] = [recording.ops[i], groupAt.get(i)];
    if (group === undefined) {
      if (op !== undefined) body.add(i, op);
      continue;
    }
    const call = groupCall(f, group, binding, library);
    call.input = group.inputs.map(({ source }) => body.refer(source));
    body.nodes.push(call);
    for (const [offset, { source }] of group.outputs.entries()) {
      if (source.kind === 'op') body.declare(source.op, call, offset - source.output);
    }
    i = group.end - 1;
  }
  const exits = exitsOf(recording).map((source) => body.refer(source));
  return [...nodes, ...body.nodes, ...closingNodes(f, slotOf, leaf, exits)];
}

/** All of the function's operations as one function that XLA compiles, and the call of it. */
function xlaNodes(
  f: GraphFunction,
  slotOf: SlotOf,
  binding: Binding,
  library: FunctionLibrary,
): NodeMessage[] {
  const { id, recording, bfloat16 } = f;
  const { nodes, leaf } = openingNodes(f, slotOf);
  const leaves: Leaf[] = [
    ...recording.arguments.map((_, index): Leaf => ({ kind: 'argument', index })),
    ...[...variablesOf(recording)].map((variable): Leaf => ({ kind: 'variable', variable })),
  ];
  const places = new Map(leaves.map((source, i) => [sourceKey(source), i]));
  const argument = (source: Leaf) => `x${places.get(sourceKey(source)) ?? -1}`;
  const body = new Body({ prefix: '', reference: inFunction, leaf: argument, binding, bfloat16 });
  for (const [i, op] of recording.ops.entries()) body.add(i, op);
  const sources = exitsOf(recording);
  const types = {
    in: leaves.map((source) => dataTypes[typeOf(recording, source)]),
    out: sources.map((source) => exitType(recording, source)),
  };
  const ends = sources.map((source, i) => identity(`y${i}`, types.out[i] ?? 0, body.refer(source)));
  const name = library.add(
    [...body.nodes, ...ends],
    types,
    ends.map((node) => inFunction(node)),
  );
  const call = compiledCall(`${id}/call`, name, types);
  call.input = leaves.map(leaf);
  const exits = sources.map((_, i) => inGraph(call, i));
  return [...nodes, call, ...closingNodes(f, slotOf, leaf, exits)];
}

/** One graph of all functions over the variables that they share. */
export function graphOf(
  functions: readonly GraphFunction[],
  variables: readonly tf.Variable[],
  binding: Binding,
): GraphMessage {
  const slots = new Map(variables.map((variable, slot) => [variable, slot]));
  const slotOf = (variable: tf.Variable) => {
    const slot = slots.get(variable);
    if (slot === undefined) throw new Error(`internal: the variable ${variable.name} is not in the graph.`);
    return slot;
  };
  const library = new FunctionLibrary();
  const node = [ZERO, ...variables.flatMap((variable, slot) => slotNodes(slot, variable))];
  for (const f of functions) {
    const nodes = f.xla === true ? xlaNodes : plainNodes;
    const recording = withPlainProducts(f.recording);
    node.push(...nodes({ ...f, recording }, slotOf, binding, library));
  }
  return { node, library: { function: library.functions } };
}
