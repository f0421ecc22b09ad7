import { describe, expect, it } from 'vitest';
import { linux } from './fakes.testdata';
import type { Machine } from './machine';
import { planWheel, pythonRange, suits } from './wheel';

const mac: Machine = { platform: 'darwin', arch: 'arm64', glibc: null };

describe('planWheel', () => {
  it.each([
    ['Linux on x64', linux, false, 'tensorflow-cpu==2.21.0', 'tensorflow-cpu-2.21.0', null],
    ['Linux on x64 with a GPU', linux, true, 'tensorflow==2.21.0', 'tensorflow-gpu-2.21.0', 'and-cuda'],
    [
      'Linux on arm64',
      { ...linux, arch: 'arm64' },
      false,
      'tensorflow==2.21.0',
      'tensorflow-cpu-2.21.0',
      null,
    ],
    ['a Mac', mac, false, 'tensorflow==2.21.0', 'tensorflow-cpu-2.21.0', null],
  ] as const)('knows the wheel for %s', (_, machine, gpu, requirement, folder, extra) => {
    expect(planWheel(machine, '2.21.0', gpu)).toMatchObject({ requirement, folder, extra });
  });

  it.each([
    ['Windows', { ...linux, platform: 'win32', glibc: null }, '2.21.0', false, /no C library .* WSL 2/],
    [
      'another system',
      { ...linux, platform: 'freebsd', glibc: null },
      '2.21.0',
      false,
      /no wheel for freebsd x64/,
    ],
    [
      'another processor',
      { ...linux, arch: 'riscv64' },
      '2.21.0',
      false,
      /no wheel for linux riscv64 .* only for x64/,
    ],
    ['musl', { ...linux, glibc: null }, '2.21.0', false, /with glibc.*Alpine.*node:22-slim/],
    [
      'an old glibc',
      { ...linux, glibc: '2.17' },
      '2.21.0',
      false,
      /needs glibc 2.27 or newer, and this system has 2.17/,
    ],
    ['a very old glibc', { ...linux, glibc: '2.12' }, '2.20.0', false, /needs glibc 2.17 or newer/],
    ['a GPU on arm64', { ...linux, arch: 'arm64' }, '2.21.0', true, /CUDA for x64 only.*Leave out --gpu/],
    ['a GPU on a Mac', mac, '2.21.0', true, /no CUDA on macOS/],
    ["Intel's Macs", { ...mac, arch: 'x64' }, '2.21.0', false, /--tensorflow 2.16.2/],
    ['a version that is none', linux, 'latest', false, /a version such as 2.21.0 is expected, not latest/],
    ['a version without the library', linux, '2.9.1', false, /2.9.1 is older than 2.12.0/],
  ] as const)('refuses %s in one sentence, before any download', (_, machine, version, gpu, sentence) => {
    expect(() => planWheel(machine, version, gpu)).toThrow(sentence);
  });

  it('takes what is possible on the edge', () => {
    expect(planWheel({ ...linux, glibc: '2.17' }, '2.20.0', false).requirement).toBe(
      'tensorflow-cpu==2.20.0',
    );
    expect(planWheel({ ...mac, arch: 'x64' }, '2.16.2', false).requirement).toBe('tensorflow==2.16.2');
    expect(planWheel(linux, '2.22.0rc1', false).requirement).toBe('tensorflow-cpu==2.22.0rc1');
  });
});

it('knows which Python a TensorFlow has wheels for', () => {
  expect(pythonRange('2.21.0')).toMatchObject({ oldest: '3.10', newest: '3.13' });
  expect(pythonRange('2.18.1')).toMatchObject({ oldest: '3.9', newest: '3.12' });
  expect([suits('3.9.18', '2.21.0'), suits('3.10.0', '2.21.0'), suits('3.13.1', '2.21.0')]).toEqual([
    false,
    true,
    true,
  ]);
  expect([suits('3.14.0', '2.21.0'), suits('3.13.0', '2.19.0'), suits('3.9.18', '2.20.0')]).toEqual([
    false,
    false,
    true,
  ]);
});
