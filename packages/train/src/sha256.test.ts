import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from './sha256';

// FIPS 180-4's own examples, https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
it.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('hashes %j', (text, expected) => {
  expect(sha256(text)).toBe(expected);
});

it("gives Node's hashes, whatever the length, and of views too", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(40), (bytes, skip) => {
      const view = bytes.subarray(Math.min(skip, bytes.length));
      expect(sha256(view)).toBe(createHash('sha256').update(view).digest('hex'));
    }),
  );
});

it('hashes text as UTF-8', () => {
  expect(sha256('Zürich €')).toBe(createHash('sha256').update('Zürich €').digest('hex'));
});
