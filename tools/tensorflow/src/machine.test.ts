import { expect, it } from 'vitest';
import { compareVersions, describeMachine, thisMachine } from './machine';

it.each([
  ['2.9', '2.27', -1],
  ['2.21.0', '2.21', 0],
  ['3.13', '3.9', 1],
  ['2.21.0rc1', '2.20.9', 1],
  ['10', '9.9', 1],
])('compares %s and %s number by number', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});

it('names this machine', () => {
  const machine = thisMachine();
  expect(machine).toMatchObject({ platform: process.platform, arch: process.arch });
  if (machine.glibc !== null) expect(machine.glibc).toMatch(/^\d+\.\d+$/);
  expect(describeMachine({ platform: 'linux', arch: 'x64', glibc: '2.36' })).toBe(
    'linux x64 with glibc 2.36',
  );
  expect(describeMachine({ platform: 'darwin', arch: 'arm64', glibc: null })).toBe('darwin arm64');
});
