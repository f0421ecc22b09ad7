import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { lastLine, run } from './command';
import { scratchFolder } from './fakes.testdata';

const node = (script: string, options?: Parameters<typeof run>[2]) =>
  run(process.execPath, ['-e', script], options);

it('collects what a program prints, and keeps it in the log', async () => {
  const log = join(scratchFolder(), 'log');
  const finished = await node('console.log("out"); console.error("err"); process.exitCode = 3', { log });
  expect(finished).toMatchObject({ code: 3, signal: null, out: 'out\n', failure: null });
  expect(finished.all).toContain('err\n');
  expect(readFileSync(log, 'utf8')).toContain('out\n');
});

it('sets and removes variables of the environment', async () => {
  vi.stubEnv('MEANFLOW_A', 'a');
  const env = { MEANFLOW_A: undefined, MEANFLOW_B: 'b' };
  const { out } = await node('process.stdout.write(process.env.MEANFLOW_A + process.env.MEANFLOW_B)', {
    env,
  });
  expect(out).toBe('undefinedb');
  vi.unstubAllEnvs();
});

it('says how a program ended that did not end well', async () => {
  expect(await node('process.kill(process.pid, "SIGKILL")')).toMatchObject({ code: null, signal: 'SIGKILL' });
  expect(await run('/no/such/program', [])).toMatchObject({ code: null, failure: 'ENOENT' });
});

it('takes the last line with something on it', () => {
  expect(lastLine('a\n b \n\n')).toBe('b');
  expect(lastLine('')).toBe('');
});
