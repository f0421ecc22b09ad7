import { describe, expect, it } from 'vitest';
import { ok } from './fakes.testdata';
import type { Finished, Run } from './command';
import { findPython, parsePython } from './python';

const absent: Finished = { code: null, signal: null, out: '', all: '', failure: 'ENOENT' };

/** Runs only what is installed: commands with their versions. */
function withPythons(installed: Readonly<Record<string, string>>): Run {
  return (command) => {
    const version = installed[command];
    const found = { executable: `/usr/bin/${command}`, version, machine: 'x86_64', venv: true };
    return Promise.resolve(version === undefined ? absent : ok(JSON.stringify(found)));
  };
}

describe('parsePython', () => {
  it('reads the last line, in the names of Node.js', () => {
    const line = '{"executable": "/usr/bin/python3", "version": "3.11.7", "machine": "AMD64", "venv": false}';
    expect(parsePython(`warning of somebody\n${line}\n`)).toEqual({
      executable: '/usr/bin/python3',
      version: '3.11.7',
      arch: 'x64',
      hasVenv: false,
    });
    expect(parsePython(line.replace('AMD64', 'aarch64'))?.arch).toBe('arm64');
  });
  it('knows when it is something else', () => {
    expect(parsePython('command not found')).toBeNull();
  });
});

describe('findPython', () => {
  it('takes the first on the PATH that TensorFlow has wheels for', async () => {
    const run = withPythons({
      python3: '3.14.1',
      python: '2.7.18',
      'python3.12': '3.12.4',
      'python3.11': '3.11.7',
    });
    expect((await findPython(undefined, '2.21.0', run)).version).toBe('3.12.4');
    expect((await findPython(undefined, null, run)).version).toBe('3.14.1');
  });
  it('takes the one that was named', async () => {
    const run = withPythons({ python3: '3.11.7', '/opt/python': '3.10.1' });
    expect((await findPython('/opt/python', '2.21.0', run)).version).toBe('3.10.1');
  });
  it('says that there is none, and how to get one', async () => {
    await expect(findPython(undefined, '2.21.0', withPythons({}))).rejects.toThrow(
      /^There is no Python on the PATH\. Install Python 3\.10 to 3\.13 \(apt install .*\), or name one with --python PATH\.$/,
    );
    await expect(findPython(undefined, null, withPythons({}))).rejects.toThrow(
      /^There is no Python on the PATH\. Name one/,
    );
  });
  it('says that those there are do not suit', async () => {
    const run = withPythons({ python3: '3.14.1', python: '3.8.2' });
    const sentence =
      /^TensorFlow 2\.21\.0 has wheels for Python 3\.10 to 3\.13, and \/usr\/bin\/python3 is 3\.14\.1\. Install/;
    await expect(findPython(undefined, '2.21.0', run)).rejects.toThrow(sentence);
    await expect(findPython('python3', '2.21.0', run)).rejects.toThrow(sentence);
  });
  it('says that the named one does not run', async () => {
    await expect(findPython('/none', '2.21.0', withPythons({}))).rejects.toThrow(
      '/none does not run as Python 3. Name another one with --python PATH.',
    );
  });
});
