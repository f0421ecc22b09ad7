import { printable } from './printable';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const [END_BYTES, ENTRY_BYTES, LOCAL_BYTES, LONGEST_COMMENT] = [22, 46, 30, 0xffff];

function fail(problem: string): never {
  throw new Error(
    `storedFiles: the archive must be one of PyTorch's, but ${problem}. Likely fix: get the file again.`,
  );
}

/**
 * Files of a zip archive that stores them without compression, as PyTorch does, by their paths; views of the archive.
 *
 * @throws Error, one sentence, if the archive is damaged, or a file is compressed or encrypted.
 */
export function storedFiles(archive: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  let end = archive.length - END_BYTES;
  const least = Math.max(0, end - LONGEST_COMMENT);
  while (end >= least && view.getUint32(end, true) !== END) end--;
  if (end < least) fail('its directory is missing');
  const count = view.getUint16(end + 10, true);
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_BYTES > end || view.getUint32(at, true) !== ENTRY)
      fail(`its directory is damaged at byte ${at}`);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [size, local] = [view.getUint32(at + 24, true), view.getUint32(at + 42, true)];
    const nameEnd = at + ENTRY_BYTES + view.getUint16(at + 28, true);
    if (nameEnd > end) fail(`its directory is damaged at byte ${at}`);
    const name = new TextDecoder().decode(archive.slice(at + ENTRY_BYTES, nameEnd));
    const shown = printable(name);
    if (method !== 0 || (flags & 1) !== 0) fail(`${shown} is compressed or encrypted`);
    if (local + LOCAL_BYTES > end || view.getUint32(local, true) !== LOCAL)
      fail(`the place of ${shown} is wrong`);
    const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + size > end) fail(`${shown} ends outside of it`);
    files.set(name, archive.subarray(start, start + size));
    at = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return files;
}
