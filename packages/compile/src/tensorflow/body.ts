import { isProduct, narrowProduct } from './bfloat16';
import type { NodeMessage } from './messages';
import type { Binding } from './nodeBackend';
import { attrOf, constantNodes } from './nodes';
import type { Reference } from './nodes';
import type { RecordedOp, Source } from './recording';

/** An argument or a variable. */
export type Leaf = Exclude<Source, { kind: 'op' | 'constant' }>;

/** What the operations of a body are written as. */
export interface BodyOptions {
  /** Prefix of the names of all nodes. */
  readonly prefix: string;
  readonly reference: Reference;
  /** Reference to an argument or a variable. */
  readonly leaf: (source: Leaf) => string;
  readonly binding: Binding;
  readonly bfloat16: boolean;
}

/** Recorded operations as nodes, for a graph or for a function in it. */
export class Body {
  readonly nodes: NodeMessage[] = [];
  private readonly constants = new Map<object, string>();
  /** By number of the operation: the node that computes it, and where its first result is among the node's. */
  private readonly made = new Map<number, { node: NodeMessage; offset: number }>();

  constructor(private readonly options: BodyOptions) {}

  /** Adds a recorded operation as a node. */
  add(number: number, { op, attrs, inputs, after }: RecordedOp): void {
    const { prefix, binding, bfloat16, reference } = this.options;
    const attr = Object.fromEntries(attrs.map((item) => [item.name, attrOf(item, binding)]));
    // Otherwise chains of Add become AccumulateNV2, which XLA does not know and which rounds otherwise than eager Adds.
    if (op.startsWith('Add')) attr['_grappler_ArithmeticOptimizer_AddOpsRewriteStage'] = { b: true };
    const input = inputs.map((source) => this.refer(source));
    if (after !== null) input.push(`^${this.refer(after).replace(/:.*/, '')}`);
    const node = { name: `${prefix}n${number}`, op, input, attr };
    const nodes = bfloat16 && isProduct(node) ? narrowProduct(node, reference) : [node];
    this.nodes.push(...nodes);
    this.made.set(number, { node: nodes.at(-1) ?? node, offset: 0 });
  }

  /** Declares that an operation's result is one of a node's, which is added elsewhere. */
  declare(number: number, node: NodeMessage, offset: number): void {
    this.made.set(number, { node, offset });
  }

  /** Reference to a value; a constant is added when it is first referred to. */
  refer(source: Source): string {
    if (source.kind === 'op') {
      const made = this.made.get(source.op);
      if (made === undefined) throw new Error(`internal: operation ${source.op} is used before it is made.`);
      return this.options.reference(made.node, made.offset + source.output);
    }
    if (source.kind !== 'constant') return this.options.leaf(source);
    const { constant } = source;
    const known = this.constants.get(constant);
    if (known !== undefined) return known;
    const name = `${this.options.prefix}c${this.constants.size}`;
    const { node, helpers } = constantNodes(name, constant, this.options.reference);
    this.nodes.push(...helpers, node);
    const reference = this.options.reference(node);
    this.constants.set(constant, reference);
    return reference;
  }
}
