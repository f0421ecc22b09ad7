import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchFolder } from './fakes.testdata';
import { withLock } from './lock';

it('holds the lock while it works, and no longer', async () => {
  const file = join(scratchFolder(), 'lock');
  expect(await withLock(file, () => Promise.resolve(existsSync(file)))).toBe(true);
  expect(existsSync(file)).toBe(false);
  await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(file)).toBe(false);
});

it('refuses while another process is at it, and not when that has ended', async () => {
  const file = join(scratchFolder(), 'lock');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)', 'some-script'], {
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  const hold = (script: string) => {
    writeFileSync(file, JSON.stringify({ pid: child.pid, script }));
  };
  hold('some-script');
  await expect(withLock(file, () => Promise.resolve())).rejects.toThrow(
    `Process ${String(child.pid)} is doing this already, for the same project.`,
  );
  hold('another-script'); // the number was used again
  expect(await withLock(file, () => Promise.resolve('done'))).toBe('done');
  hold('some-script');
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  expect(await withLock(file, () => Promise.resolve('done'))).toBe('done');
});

it.each(['', 'nonsense', '{}', '{"pid":4194300,"script":"x"}'])(
  'takes over what a killed process left: %s',
  async (text) => {
    const file = join(scratchFolder(), 'lock');
    writeFileSync(file, text);
    expect(await withLock(file, () => Promise.resolve('done'))).toBe('done');
  },
);
