import { expect, it } from 'vitest';
import { explainBinding } from './explainBinding';

it.each([
  [
    'The Node.js native addon module (tfjs_binding.node) can not be found at path: /a/lib/napi-v8/tfjs_binding.node',
    'the binding of pkg is not compiled',
  ],
  [
    'libtensorflow_cc.so.2: cannot open shared object file: No such file or directory',
    'the binding of pkg does not find TensorFlow (libtensorflow_cc.so.2)',
  ],
  [
    'dlopen(/a/tfjs_binding.node, 0x0001): Library not loaded: @rpath/libtensorflow.2.dylib',
    'the binding of pkg does not find TensorFlow (libtensorflow.2.dylib)',
  ],
  [
    '/a/tfjs_binding.node: wrong ELF class: ELFCLASS32',
    `the binding of pkg was compiled for another processor or Node.js than ${process.version} on ${process.arch}`,
  ],
  [
    '/a/tfjs_binding.node: cannot open shared object file: No such file or directory', // of glibc, for another machine
    `the binding of pkg was compiled for another processor or Node.js than ${process.version} on ${process.arch}`,
  ],
  [
    '(0 , util_1.isNullOrUndefined) is not a function',
    `pkg calls functions that Node.js 23 removed, and this is ${process.version}`,
  ],
  ['something else', 'pkg does not work: something else'],
])('explains %s', (reason, sentence) => {
  expect(explainBinding('pkg', reason)).toBe(sentence);
});
