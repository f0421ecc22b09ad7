import { describe, expect, it } from 'vitest';
import { fakeMachine, fakeProject, linux, printed } from './fakes.testdata';
import type { FakeMachine } from './fakes.testdata';
import { runCli } from './program';

async function cli(args: readonly string[], cwd = '/', fake: FakeMachine = fakeMachine()) {
  const { terminal, out, err } = printed();
  const code = await runCli(args, {
    terminal,
    cwd,
    script: '/cli.js',
    machine: linux,
    run: fake.run,
    freeBytes: () => 1e12,
  });
  return { code, out: out(), err: err() };
}

describe('meanflow-native', () => {
  it('explains itself', async () => {
    const { code, out } = await cli(['--help']);
    expect(code).toBe(0);
    for (const option of ['--project', '--tensorflow', '--gpu', '--use-installed', '--remove', '--verbose'])
      expect(out).toContain(option);
    expect(out).not.toContain('self-test');
    expect((await cli(['--version'])).out).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('brings and removes', async () => {
    const project = fakeProject(true);
    expect(await cli(['--project', project, '--gpu'])).toMatchObject({ code: 0, err: '' });
    expect(await cli(['--remove'], project)).toMatchObject({ code: 0, err: '' });
  });

  it('tells wrong usage from other failures, in one sentence', async () => {
    expect((await cli(['--colour'])).code).toBe(2);
    expect(await cli(['--tensorflow', 'newest'], fakeProject(true))).toMatchObject({
      code: 2,
      err: 'error: --tensorflow: a version such as 2.21.0 is expected, not newest.',
    });
    const fake = fakeMachine();
    fake.instead.make = () => ({ code: 1, signal: null, out: '', all: '', failure: null });
    const { code, err } = await cli([], fakeProject(true), fake);
    expect([code, err.split('\n')]).toEqual([1, [expect.stringMatching(/^error: There is no make\./)]]);
  });

  it('takes an error of the system for the sentence that it is, and any other for a bug', async () => {
    const fake = fakeMachine();
    const project = fakeProject(true);
    fake.instead.venv = () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
        syscall: 'write',
        code: 'ENOSPC',
      });
    };
    expect((await cli([], project, fake)).err).toBe(
      'error: ENOSPC: no space left on device, write. Make room, and run the same command again.',
    );
    fake.instead.venv = () => {
      throw new TypeError('x is not a function');
    };
    expect((await cli([], project, fake)).err).toMatch(
      /TypeError: x is not a function\n[^]*this is a bug of meanflow-native/,
    );
  });

  it('reports the problem of a self-test in one line', async () => {
    const { code, err } = await cli(['self-test', '/no/such/package']);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^self-test problem: Cannot find module '\/no\/such\/package'$/),
    ]);
  });
});
