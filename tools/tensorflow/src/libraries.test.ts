import { join } from 'node:path';
import { expect, it } from 'vitest';
import { elfHead, scratchFolder, writeFiles } from './fakes.testdata';
import { architectureOf, architectureOfFile, libraryNames } from './libraries';

function machO(cpu: number): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32LE(0xfeedfacf, 0);
  head.writeUInt32LE(cpu, 4);
  return head;
}

it.each([
  ['ELF for x64', elfHead(62), 'x64'],
  ['ELF for arm64', elfHead(183), 'arm64'],
  ['ELF for something else', elfHead(9999), 'unknown'],
  ['Mach-O for arm64', machO(0x0100000c), 'arm64'],
  ['Mach-O for x64', machO(0x01000007), 'x64'],
  ['Mach-O for several', Buffer.concat([Buffer.from('cafebabe', 'hex'), Buffer.alloc(60)]), 'universal'],
  ['a text', Buffer.from('INPUT(libtensorflow_cc.so.2.21.0)'), null],
  ['an empty file', Buffer.alloc(0), null],
])('knows %s', (_, head, arch) => {
  expect(architectureOf(head)).toBe(arch);
});

it('reads a file', () => {
  const folder = scratchFolder();
  writeFiles(folder, { 'a.so': elfHead() });
  expect(architectureOfFile(join(folder, 'a.so'))).toBe('x64');
  if (process.platform === 'linux') expect(architectureOfFile(process.execPath)).toBe(process.arch);
});

it('knows the names of the libraries', () => {
  expect(libraryNames('linux')).toEqual(['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
  expect(libraryNames('darwin')).toEqual(['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']);
});
