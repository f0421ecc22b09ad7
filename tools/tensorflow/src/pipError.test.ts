import { expect, it } from 'vitest';
import { linux } from './fakes.testdata';
import { explainPip } from './pipError';

const explain = (output: string) =>
  explainPip(output, { requirement: 'tensorflow-cpu==2.21.0', machine: linux, python: '3.11.7' });

it.each([
  [
    'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
    'The disk became full while pip installed TensorFlow. Make room, and run the same command again.',
  ],
  [
    "pip._vendor.urllib3.exceptions.ProtocolError: ('Connection broken: IncompleteRead(1000 bytes read, 5 more expected)')",
    'The download of TensorFlow broke off. Run the same command again: it goes on with what is missing.',
  ],
  [
    'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.',
    'The download of TensorFlow broke off. Run the same command again: it goes on with what is missing.',
  ],
  [
    "WARNING: Retrying after connection broken by 'NewConnectionError(...): Failed to establish a new connection: [Errno -3] " +
      "Temporary failure in name resolution')': /simple/tensorflow-cpu/\nERROR: Could not find a version that satisfies the " +
      'requirement tensorflow-cpu==2.21.0 (from versions: none)\nERROR: No matching distribution found for tensorflow-cpu==2.21.0',
    "pip does not reach its package index. Check the network, or pip's proxy and certificates (pip config list).",
  ],
  [
    'ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.99.0 (from versions: 2.20.0, 2.21.0, ' +
      '2.22.0rc0)\nERROR: No matching distribution found for tensorflow-cpu==2.99.0',
    'There is no wheel of tensorflow-cpu==2.21.0 for Python 3.11.7 on linux x64 with glibc 2.36. The newest that there is ' +
      'is 2.21.0: add --tensorflow 2.21.0, or name another Python with --python PATH.',
  ],
  [
    'ERROR: Could not find a version that satisfies the requirement tensorflow-cpu (from versions: none)',
    'pip finds no wheel of tensorflow-cpu==2.21.0 for Python 3.11.7 on linux x64 with glibc 2.36: it does not reach its package ' +
      'index, or there is none for them. Check the network (pip config list), or name another Python with --python PATH.',
  ],
  ['ERROR: something else.\nmore', 'pip could not install tensorflow-cpu==2.21.0: something else.'],
  [
    "ERROR: Wheel 'tensorflow-cpu' located at /a/tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl is invalid.",
    'The download of TensorFlow broke off. Run the same command again: it goes on with what is missing.',
  ],
  ['Segmentation fault', 'pip could not install tensorflow-cpu==2.21.0: Segmentation fault.'],
])('explains %s', (output, sentence) => {
  expect(explain(output)).toBe(sentence);
});
