/** A file for {@link encodeTar}. */
export interface TarFile {
  name: string;
  content: Uint8Array | string;
  /** Type flag. Default `0`, a regular file. */
  type?: string;
}

const BLOCK = 512;

/** A header block of ustar. `size` may differ from what follows. */
export function tarHeader(name: string, size: number, type = '0'): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => {
    block.set(Buffer.from(text), at);
  };
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(156, type);
  put(257, 'ustar\x0000');
  seal(block);
  return block;
}

/** Writes the checksum of a header block. */
export function seal(block: Uint8Array): void {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
}

/** A tar archive (ustar), for tests. */
export function encodeTar(files: readonly TarFile[]): Uint8Array {
  const blocks = files.flatMap(({ name, content, type }) => {
    const bytes = Buffer.from(content);
    const padding = new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK);
    return [tarHeader(name, bytes.length, type), bytes, padding];
  });
  return new Uint8Array(Buffer.concat([...blocks, new Uint8Array(2 * BLOCK)]));
}
