const END = 0x06054b50;
const ENTRY = 0x02014b50;

/**
 * The same archive with a zip64 directory, as programs write it for files beyond 4 GiB: sizes and offsets in extra
 * fields, a zip64 end record and its locator. For tests; archives without comment.
 */
export function toZip64(zip: Uint8Array): Uint8Array {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const endAt = zip.length - 22;
  if (view.getUint32(endAt, true) !== END) throw new Error('no end record');
  const [count, start] = [view.getUint16(endAt + 10, true), view.getUint32(endAt + 16, true)];
  const entries: Uint8Array[] = [];
  for (let at = start; at < endAt;) {
    if (view.getUint32(at, true) !== ENTRY) throw new Error('no entry');
    const [nameLength, extraLength] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const head = zip.slice(at, at + 46 + nameLength);
    const headView = new DataView(head.buffer);
    const other = Uint8Array.of(0xfe, 0xca, 2, 0, 1, 2); // a field of another kind comes first
    const extra = new Uint8Array(other.length + 28);
    extra.set(other);
    const field = new DataView(extra.buffer, other.length);
    field.setUint16(0, 1, true);
    field.setUint16(2, 24, true);
    field.setBigUint64(4, BigInt(headView.getUint32(24, true)), true); // size
    field.setBigUint64(12, BigInt(headView.getUint32(20, true)), true); // compressed size
    field.setBigUint64(20, BigInt(headView.getUint32(42, true)), true); // offset
    for (const wide of [20, 24, 42]) headView.setUint32(wide, 0xffffffff, true);
    headView.setUint16(30, extra.length, true);
    headView.setUint16(32, 0, true);
    entries.push(head, extra);
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  const directory = Buffer.concat(entries);
  const end = new DataView(new ArrayBuffer(56 + 20 + 22));
  end.setUint32(0, 0x06064b50, true);
  end.setBigUint64(4, 44n, true);
  end.setBigUint64(24, BigInt(count), true);
  end.setBigUint64(32, BigInt(count), true);
  end.setBigUint64(40, BigInt(directory.length), true);
  end.setBigUint64(48, BigInt(start), true);
  end.setUint32(56, 0x07064b50, true);
  end.setBigUint64(64, BigInt(start + directory.length), true);
  end.setUint32(72, 1, true);
  end.setUint32(76, END, true);
  end.setUint16(84, 0xffff, true);
  end.setUint16(86, 0xffff, true);
  end.setUint32(88, 0xffffffff, true);
  end.setUint32(92, 0xffffffff, true);
  return Buffer.concat([zip.subarray(0, start), directory, new Uint8Array(end.buffer)]);
}
