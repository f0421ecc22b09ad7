import type { FunctionMessage, NodeMessage } from './messages';
import { textAttr } from './nodes';

/** Types of a function's arguments and results. */
export interface FunctionTypes {
  readonly in: readonly number[];
  readonly out: readonly number[];
}

/** Functions that XLA compiles; equal ones are kept, and so compiled, once. */
export class FunctionLibrary {
  private readonly byContent = new Map<string, FunctionMessage>();

  /**
   * Adds a function of the arguments `x0`, `x1`, ...
   *
   * @param results Reference to each result.
   * @returns Its name.
   */
  add(nodes: NodeMessage[], types: FunctionTypes, results: readonly string[]): string {
    const content = JSON.stringify([types, nodes, results], (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
    );
    const known = this.byContent.get(content);
    if (known !== undefined) return known.signature.name;
    const name = `xla${this.byContent.size}`;
    this.byContent.set(content, {
      signature: {
        name,
        input_arg: types.in.map((type, i) => ({ name: `x${i}`, type })),
        output_arg: types.out.map((type, i) => ({ name: `out${i}`, type })),
      },
      node_def: nodes,
      ret: Object.fromEntries(results.map((result, i) => [`out${i}`, result])),
      // Without _noinline the call would be replaced by its content before XLA sees it.
      attr: { _XlaMustCompile: { b: true }, _noinline: { b: true } },
    });
    return name;
  }

  get functions(): FunctionMessage[] {
    return [...this.byContent.values()];
  }
}

/** A call of a function that XLA compiles; its inputs are still to be set. */
export function compiledCall(name: string, callee: string, types: FunctionTypes): NodeMessage {
  return {
    name,
    op: 'PartitionedCall',
    attr: {
      Tin: { list: { type: [...types.in] } },
      Tout: { list: { type: [...types.out] } },
      f: { func: { name: callee, attr: {} } },
      config: textAttr(''),
      config_proto: textAttr(''),
      executor_type: textAttr(''),
      _XlaMustCompile: { b: true },
    },
  };
}
