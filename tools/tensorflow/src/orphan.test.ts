import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from './command';
import { scratchFolder } from './fakes.testdata';
import { childFile, endOrphan } from './orphan';

it('ends a program of ours, and no other', async () => {
  const state = scratchFolder();
  const log = join(state, 'native.log');
  expect(endOrphan(log, state)).toBe(false);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)', state], { stdio: 'ignore' });
  await once(child, 'spawn');
  writeFileSync(childFile(log), String(child.pid));
  expect(endOrphan(log, join(state, 'elsewhere'))).toBe(false);
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  writeFileSync(childFile(log), String(child.pid));
  const closed = once(child, 'close');
  expect(endOrphan(log, state)).toBe(true);
  expect(await closed).toEqual([null, 'SIGKILL']);
  expect(endOrphan(log, state)).toBe(false);
});

it('knows what runs from what it wrote down', async () => {
  const log = join(scratchFolder(), 'native.log');
  const script = `require('fs').existsSync(${JSON.stringify(childFile(log))}) && console.log('written down')`;
  expect((await run(process.execPath, ['-e', script], { log })).out).toBe('written down\n');
  expect(existsSync(childFile(log))).toBe(false);
});
