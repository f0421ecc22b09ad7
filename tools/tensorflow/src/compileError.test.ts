import { expect, it } from 'vitest';
import { compilerAdvice, explainCompiler } from './compileError';

it.each([
  [
    'gyp ERR! stack Error: not found: make',
    /^There is no C\+\+ compiler with make\. Install one: apt install build-essential/,
  ],
  ['make: g++: No such file or directory', /^There is no C\+\+ compiler with make\./],
  [
    "g++: error: unrecognized command line option '-std=gnu++17'",
    /^The C\+\+ compiler is too old: .*CXX=PATH\.$/,
  ],
  ['g++: fatal error: Killed signal terminated program cc1plus', /^The compiler ran out of memory\./],
  ['/tmp/x.s: No space left on device', /^The disk became full while the binding was compiled\./],
  [
    'gyp ERR! stack FetchError: request to https://nodejs.org/download failed, reason: getaddrinfo ENOTFOUND',
    /--nodedir PATH\.$/,
  ],
  [
    'a.cc:25:10: fatal error: tensorflow/c/c_api.h: No such file',
    /^The compiler does not find tensorflow\/c\/c_api\.h\. .*\/log\.$/,
  ],
  [
    "a.cc:3:1: error: 'x' was not declared\ngyp ERR! not ok",
    /^The binding does not compile: a\.cc:3:1: error: 'x' was not declared\. /,
  ],
  ['gyp ERR! not ok', /^The binding does not compile: gyp ERR! not ok\. The whole output is in \/log\.$/],
])('explains %s', (output, sentence) => {
  expect(explainCompiler(output, 'linux', '/log')).toMatch(sentence);
});

it('knows how to get a compiler', () => {
  expect(compilerAdvice('darwin')).toContain('xcode-select --install');
});
