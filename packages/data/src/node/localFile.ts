import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';

const PIECE = 256 * 1024;

/** A file of this machine. It is opened when it is first read, and may be replaced until then. */
export function localFile(path: string): StoredFile {
  let handle: Promise<FileHandle> | null = null;
  const opened = () => {
    if (handle !== null) return handle;
    const opening = open(path);
    handle = opening;
    opening.catch(() => {
      handle = null;
    });
    return opening;
  };
  const readSome = async (file: FileHandle, offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  };
  return {
    name: path,
    seeksCheaply: true,
    async stat() {
      const { size, mtimeMs, ctimeMs } = await stat(path).catch((cause: unknown) => {
        throw new Error(
          `data: ${path} must be a readable file, got ${reasonOf(cause)}. Likely fix: check the path.`,
          { cause },
        );
      });
      return { size, version: `${resolve(path)} ${mtimeMs} ${ctimeMs}` };
    },
    async *stream(offset, signal) {
      const file = await open(path); // of its own: several readers may be at work, and close at different times
      try {
        for (let at = offset; ;) {
          signal?.throwIfAborted();
          const piece = await readSome(file, at, PIECE);
          if (piece.length > 0) yield piece;
          at += piece.length;
          if (piece.length < PIECE) return;
        }
      } finally {
        await file.close();
      }
    },
    async read(offset, length, signal) {
      signal?.throwIfAborted();
      const bytes = await readSome(await opened(), offset, length);
      if (bytes.length < length) {
        throw new Error(
          `data: ${path} must have ${offset + length} bytes, got ${offset + bytes.length}: it became shorter. Likely fix: get the file again.`,
        );
      }
      return bytes;
    },
    async close() {
      const open = handle;
      handle = null;
      await (await open?.catch(() => null))?.close();
    },
  };
}
