import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readerOfBytes } from './io/reading';
import { encodeZip, openZip } from './zipArchive';

const text = (content: string) => new TextEncoder().encode(content);

async function contentOf(bytes: Uint8Array): Promise<Record<string, Uint8Array>> {
  const files = await openZip(readerOfBytes('a.zip', bytes));
  const read = files.map(async (file) => [file.name, new Uint8Array(await file.read())] as const);
  return Object.fromEntries(await Promise.all(read));
}

describe('a zip archive', () => {
  it('gives back what was put in, in its order, whatever the files', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), async (contents) => {
        const files = Object.fromEntries(contents.map((bytes, i) => [`folder/${5 - i}.bin`, bytes]));
        const back = await contentOf(encodeZip(files));
        expect(back).toEqual(files);
        expect(Object.keys(back)).toEqual(Object.keys(files));
      }),
    ));

  it('has the same bytes for the same files', () => {
    const files = { 'a.txt': text('a'), 'b/c.txt': text('c') };
    expect(encodeZip(files)).toEqual(encodeZip({ ...files }));
  });

  it('reads compressed ones and leaves out folders', async () => {
    const packed = zipSync({ 'folder/': new Uint8Array(), 'folder/a.txt': text('a'.repeat(999)) });
    expect(await contentOf(packed)).toEqual({ 'folder/a.txt': text('a'.repeat(999)) });
  });

  it('refuses damaged ones, and files that are too large', async () => {
    const bytes = encodeZip({ 'a.txt': text('hello') });
    await expect(openZip(readerOfBytes('a.zip', bytes.subarray(0, 40)))).rejects.toThrow(/a\.zip/);
    const [file] = await openZip(readerOfBytes('a.zip', bytes), { maxBytes: 4 });
    await expect(file?.read()).rejects.toThrow('entry a.txt of a.zip must have at most 4 bytes, got 5');
    const changed = bytes.slice();
    changed[36] = (changed[36] ?? 0) ^ 1; // of the content, behind a header of 30 bytes and the name
    const [damaged] = await openZip(readerOfBytes('a.zip', changed));
    await expect(damaged?.read()).rejects.toThrow('the checksum of its entry a.txt is wrong');
  });
});
