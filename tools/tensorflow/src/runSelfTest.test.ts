import { describe, expect, it } from 'vitest';
import { failed, fakeMachine } from './fakes.testdata';
import { explainSelfTest, PROBLEM, runSelfTest } from './runSelfTest';

const here = { arch: 'x64', version: 'v22.1.0' };
const problem = (text: string) => failed(`noise\n${PROBLEM}${text}\n`);

describe('explainSelfTest', () => {
  it.each([
    [
      '/a/tfjs_binding_tensorflow.node: wrong ELF class: ELFCLASS32',
      /^The binding was compiled for another Node\.js or another processor than v22\.1\.0 on x64\./,
    ],
    [
      'The module was compiled against a different Node.js version using NODE_MODULE_VERSION 93',
      /^The binding was compiled for another Node\.js/,
    ],
    [
      "mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64')",
      /^The binding was compiled for another/,
    ],
    [
      'libtensorflow_cc.so.2: cannot open shared object file: No such file',
      /^The binding does not find libtensorflow_cc\.so\.2: TensorFlow was moved/,
    ],
    [
      "/lib/libc.so.6: version `GLIBC_2.38' not found (required by ...)",
      /^This TensorFlow needs GLIBC_2\.38, which/,
    ],
    [
      "/lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found",
      /^This TensorFlow needs GLIBCXX_3\.4\.30, which/,
    ],
    [
      'undefined symbol: TFE_NewContext',
      /^This TensorFlow lacks a function .*undefined symbol: TFE_NewContext/,
    ],
    [
      '[[1, 2], [3, 4]] squared should be 7, and is 8',
      /^The self-test fails: \[\[1, 2\], \[3, 4\]\] squared should be 7, and is 8\.$/,
    ],
  ])('knows %s', (text, sentence) => {
    expect(explainSelfTest(problem(text), here)).toMatch(sentence);
  });

  it.each([
    ['SIGILL', /lacks instructions \(AVX\)/],
    ['SIGKILL', /want of memory/],
    ['SIGSEGV', /^The binding crashes \(SIGSEGV\)\.$/],
  ] as const)('knows %s', (signal, sentence) => {
    expect(explainSelfTest({ ...failed(), code: null, signal }, here)).toMatch(sentence);
  });

  it('says what it does not know', () => {
    expect(explainSelfTest(failed('what?\n', 7), here)).toBe('The self-test ends with exit code 7: what?.');
  });
});

describe('runSelfTest', () => {
  it('returns what the other process found', async () => {
    const { run } = fakeMachine({ device: 'GPU' });
    const report = await runSelfTest('/cli.js', '/pkg', { verbose: false, log: '/log', run });
    expect(report).toEqual({ node: process.version, tensorflow: '2.21.0', device: 'GPU', gflops: 100 });
  });
  it('names the log where it failed', async () => {
    const fake = fakeMachine();
    fake.instead['self-test'] = () => problem('wrong');
    await expect(
      runSelfTest('/cli.js', '/pkg', { verbose: false, log: '/log', run: fake.run }),
    ).rejects.toThrow('The self-test fails: wrong. The whole output is in /log.');
  });
});
