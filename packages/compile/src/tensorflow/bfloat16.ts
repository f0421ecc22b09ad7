import type { NodeMessage } from './messages';
import { dataTypes } from './nodeBackend';
import type { Reference } from './nodes';

/** Whether a node multiplies float32 matrices. */
export function isProduct({ op, attr }: NodeMessage): boolean {
  return (op === 'MatMul' || op === 'BatchMatMulV2') && attr?.['T']?.type === dataTypes.float32;
}

/**
 * A matrix product of bfloat16 numbers as a float32 tensor. TensorFlow sums up in float32 and rounds the sum.
 *
 * @returns Nodes of which the last has the name and the meaning of the product.
 */
export function narrowProduct(product: NodeMessage, reference: Reference): NodeMessage[] {
  const { float32, bfloat16 } = dataTypes;
  const cast = (name: string, from: number, to: number, source: string): NodeMessage => ({
    name,
    op: 'Cast',
    input: [source],
    attr: { SrcT: { type: from }, DstT: { type: to }, Truncate: { b: false } },
  });
  const narrow = (product.input ?? []).map((source, i) =>
    cast(`${product.name}/narrow${i}`, float32, bfloat16, source),
  );
  const inner: NodeMessage = {
    ...product,
    name: `${product.name}/product`,
    input: narrow.map((node) => reference(node)),
    attr: { ...product.attr, T: { type: bfloat16 } },
  };
  return [...narrow, inner, cast(product.name, bfloat16, float32, reference(inner))];
}
