import { describe, expect, it, vi } from 'vitest';
import { run } from './cli.testdata';
import { presets } from './config/presets';
import * as doctor from './commands/doctor';
import { UserError } from './userError';

describe('help', () => {
  it('names every command, examples and exit codes', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    for (const word of ['train', 'sample', 'doctor', '$ meanflow train --preset digits', '130'])
      expect(out).toContain(word);
  });
  it('of train names every preset, key and option', async () => {
    const { code, out } = await run('train', '--help');
    expect(code).toBe(0);
    for (const name of Object.keys(presets)) expect(out).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
    for (const option of [
      '--preset',
      '--config',
      '--out',
      '--steps',
      '--seed',
      '--backend',
      '--resume',
      '--set',
    ]) {
      expect(out).toMatch(new RegExp(`^ {2}${option} `, 'm'));
    }
    expect(out).toMatch(/checkpoint\.keep +whole number >= 1: .*\(default 3\)/);
    expect((await run('help', 'train')).out).toBe(out);
  });
  it('of sample names what is written, with defaults', async () => {
    const { out } = await run('sample', '--help');
    for (const word of ['.npz', 'labels int32 [N]', '(default: 1)', '--raw']) expect(out).toContain(word);
  });
  it('is shown without a command, as wrong usage', async () => {
    const { code, out } = await run();
    expect(code).toBe(2);
    expect(out).toContain('Usage: meanflow');
  });
  it('has a version', async () => {
    expect(await run('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    });
  });
});

describe('wrong usage', () => {
  it.each([
    [['trian'], "error: unknown command 'trian'\n(Did you mean train?)"],
    [['train', '--stepz', '3'], "error: unknown option '--stepz'\n(Did you mean --steps?)"],
    [['train', '--steps'], "error: option '--steps <n>' argument missing"],
    [['sample', '--out', 'a.png'], "error: required option '--checkpoint <dir>' not specified"],
    [['doctor', 'now'], "error: too many arguments for 'doctor'. Expected 0 arguments but got 1."],
  ])('%j', async (args, message) => {
    expect(await run(...args)).toMatchObject({ code: 2, err: message, out: '' });
  });
});

describe('an error', () => {
  const failing = async (error: unknown) => {
    const spy = vi.spyOn(doctor, 'doctor').mockRejectedValue(error);
    try {
      return await run('doctor');
    } finally {
      spy.mockRestore();
    }
  };
  it('of the user is its message, each sentence a line', async () => {
    expect(await failing(new UserError('a is wrong.\nb is wrong.'))).toEqual({
      code: 2,
      out: '',
      err: 'error: a is wrong.\nerror: b is wrong.',
    });
    expect((await failing(new UserError('the loss is not finite.', 1))).code).toBe(1);
  });
  it('of the system is its message', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    expect(await failing(full)).toEqual({
      code: 1,
      out: '',
      err: 'error: ENOSPC: no space left on device, write.',
    });
  });
  it('of ours shows where it happened', async () => {
    const { code, err } = await failing(new TypeError('x is not a function'));
    expect(code).toBe(1);
    expect(err).toMatch(/^TypeError: x is not a function\n {4}at /);
    expect(err).toMatch(
      /error: this is a bug of meanflow, not a mistake of yours\. Please report it with the lines above\.$/,
    );
    expect((await failing('text')).code).toBe(1);
  });
});
