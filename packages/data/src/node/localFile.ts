import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';

const PIECE = 256 * 1024;
const MOST_OPEN = 128; // of this module; systems allow a process 1024 or fewer

interface Opened {
  readonly handle: Promise<FileHandle>;
  users: number;
  /** To be closed by its last user. */
  retired: boolean;
}

/** What is open, the least recently used first. */
const openFiles = new Map<symbol, Opened>();

async function release(opened: Opened): Promise<void> {
  opened.users--;
  if (opened.retired && opened.users === 0) await closeHandle(opened);
}

async function closeHandle({ handle }: Opened): Promise<void> {
  const file = await handle.catch(() => null);
  await file?.close();
}

/** Takes a file out of those that are open; it is closed once nobody reads from it. */
async function retire(key: symbol): Promise<void> {
  const opened = openFiles.get(key);
  openFiles.delete(key);
  if (opened === undefined) return;
  opened.retired = true;
  if (opened.users === 0) await closeHandle(opened);
}

/** Opens the file, or takes it as it is open, for one user. */
async function acquire(key: symbol, path: string): Promise<Opened> {
  const opened = openFiles.get(key) ?? { handle: open(path), users: 0, retired: false };
  opened.users++;
  openFiles.delete(key);
  openFiles.set(key, opened); // now the most recently used
  const [oldest] = openFiles.keys();
  if (openFiles.size > MOST_OPEN && oldest !== undefined) await retire(oldest);
  return opened;
}

async function readSome(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/**
 * A file of this machine. It is opened when it is first read, and may be replaced until then. However many files there
 * are, at most 128 are kept open.
 */
export function localFile(path: string): StoredFile {
  const key = Symbol(path);
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
      const opened = await acquire(key, path);
      try {
        const bytes = await readSome(await opened.handle, offset, length);
        if (bytes.length < length) {
          throw new Error(
            `data: ${path} must have ${offset + length} bytes, got ${offset + bytes.length}: it became shorter. Likely fix: get the file again.`,
          );
        }
        return bytes;
      } catch (error) {
        await retire(key); // opened anew next time
        throw error;
      } finally {
        await release(opened);
      }
    },
    close: () => retire(key),
  };
}
