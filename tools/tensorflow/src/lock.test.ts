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

it('refuses while another process is at it', async () => {
  const file = join(scratchFolder(), 'lock');
  writeFileSync(file, String(process.ppid));
  await expect(withLock(file, () => Promise.resolve())).rejects.toThrow(
    `Process ${process.ppid} is doing this already, for the same project.`,
  );
});

it.each(['', 'nonsense', '4194300'])('takes over from a process that was killed (%s)', async (pid) => {
  const file = join(scratchFolder(), 'lock');
  writeFileSync(file, pid);
  expect(await withLock(file, () => Promise.resolve('done'))).toBe('done');
});
