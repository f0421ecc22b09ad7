/** An IDX file of one-byte elements, for tests. `type` is the code of the element type, 0x08 for uint8. */
export function encodeIdx(shape: readonly number[], data: Uint8Array, type = 0x08): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((n, i) => {
    view.setUint32(4 + 4 * i, n);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}
