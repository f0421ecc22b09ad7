import fc from 'fast-check';
import { expect } from 'vitest';
import { decodeTorchCheckpoint } from './torchCheckpoint';

/** Reads a checkpoint with a few bytes changed at random, `numRuns` times: a result of bounded size or one sentence. */
export function fuzzCheckpoint(bytes: Uint8Array, numRuns: number): void {
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  const property = fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
    const damaged = bytes.slice();
    for (const [at, value] of changes) damaged[at] = value;
    let [total, message] = [0, ''];
    try {
      const tensors = Object.values(decodeTorchCheckpoint(damaged));
      total = tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
    } catch (error) {
      message = (error as Error).message;
    }
    if (
      total > 4 * bytes.length ||
      !/^$|^(decodeTorchCheckpoint|unpickle|storedFiles): [^\n]*\.$/.test(message)
    )
      expect.fail(`${total} bytes, ${message}`);
  });
  fc.assert(property, { numRuns });
}
