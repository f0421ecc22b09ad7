import { closeSync, openSync, readSync } from 'node:fs';

/** Names of TensorFlow's libraries inside its folder. */
export function libraryNames(platform: NodeJS.Platform): readonly string[] {
  return platform === 'darwin'
    ? ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']
    : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
}

const ELF: Readonly<Record<number, string>> = {
  3: 'ia32',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
};
const MACH_O: Readonly<Record<number, string>> = { 0x01000007: 'x64', 0x0100000c: 'arm64' };

/**
 * The processor that a shared library is for, in the names of Node.js, from its first bytes: ELF's machine, or the CPU type
 * of Mach-O. `universal` for a Mach-O file with several, null for any other file.
 */
export function architectureOf(head: Buffer): string | null {
  if (head.length < 20) return null;
  if (head.readUInt32BE(0) === 0x7f454c46) return ELF[head.readUInt16LE(18)] ?? 'unknown';
  if (head.readUInt32LE(0) === 0xfeedfacf) return MACH_O[head.readUInt32LE(4)] ?? 'unknown';
  if (head.readUInt32BE(0) === 0xcafebabe) return 'universal';
  return null;
}

/** {@link architectureOf} a file. */
export function architectureOfFile(file: string): string | null {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(64);
    const count = readSync(descriptor, head, 0, head.length, 0);
    return architectureOf(head.subarray(0, count));
  } finally {
    closeSync(descriptor);
  }
}
