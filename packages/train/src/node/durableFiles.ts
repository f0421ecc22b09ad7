import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file and waits until it is on the disk; its folder's entry is not (see {@link syncFolder}). */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done); // a write may be partial
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Waits until a folder's entries (new, renamed and removed names) are on the disk. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // a folder cannot be opened there; NTFS keeps a journal of its entries
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Ends the names of files that are being written. */
export const PARTIAL_SUFFIX = '.partial';

/**
 * Writes a file at once: after a crash at any moment, the old or the new bytes are there, whole. A file beside it that
 * ends in `.partial` may be left, which `openRunDirectory` removes.
 */
export function replaceDurably(path: string, bytes: Uint8Array): void {
  const partial = path + PARTIAL_SUFFIX;
  writeDurably(partial, bytes);
  renameSync(partial, path);
  syncFolder(dirname(path));
}
