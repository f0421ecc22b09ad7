import { uniforms } from '@meanflow/random';
import { gzipSync } from 'fflate';
import { expect, it } from 'vitest';
import { parseIdx } from './idx';
import type { IdxArray } from './idx';
import { imagesFromIdx } from './imagesFromIdx';
import { encodeIdx } from './testing/encodeIdx';

const INPUTS = 100_000;
const MAX_BYTES = 4096;
const SPECIAL = [0, 1, 2, 3, 8, 0x0d, 0x1f, 0x7f, 0x80, 0x8b, 0xfe, 0xff];

const pixels = Uint8Array.from({ length: 80 }, (_, i) => (i % 5) * 50);
const images = encodeIdx([5, 4, 4], pixels);
const labels = encodeIdx([5], Uint8Array.of(0, 1, 2, 3, 4));
const seeds = [
  images,
  labels,
  gzipSync(images),
  gzipSync(labels),
  gzipSync(images, { level: 0 }),
  encodeIdx([10], pixels, 0x0e),
];

/** Numbers of one input, each used once: `pick(n)` is an integer in [0, n). */
function picker(input: number): (n: number) => number {
  const u = uniforms({ seed: 1, purpose: 'fuzz', step: input }, 24);
  let next = 0;
  return (n) => Math.floor((u[next++] ?? 0) * n);
}

function overwrite(bytes: Uint8Array, pick: (n: number) => number): Uint8Array {
  const head = pick(2) === 0; // half of the changes go where the meaning is
  for (let change = pick(4); change >= 0; change--) {
    const at = pick(head ? Math.min(20, bytes.length) : bytes.length);
    bytes[at] = pick(2) === 0 ? (SPECIAL[pick(SPECIAL.length)] ?? 0) : pick(256);
  }
  return bytes;
}

function extremeWord(bytes: Uint8Array, pick: (n: number) => number): Uint8Array {
  const at = pick(bytes.length - 3);
  bytes.set(
    [
      [255, 255, 255, 255],
      [127, 255, 255, 255],
      [0, 1, 0, 0],
      [0, 0, 0, 0],
    ][pick(4)] ?? [],
    at,
  );
  return bytes;
}

/** A damaged copy of a good file: changed, cut, extended, joined, or damaged before it is compressed. */
function mutate(input: number): Uint8Array {
  const pick = picker(input);
  const bytes = (seeds[pick(seeds.length)] ?? images).slice();
  switch (pick(6)) {
    case 0:
      return overwrite(bytes, pick);
    case 1:
      return extremeWord(bytes, pick);
    case 2:
      return bytes.subarray(0, pick(bytes.length));
    case 3:
      return Uint8Array.of(...bytes, ...bytes.subarray(pick(bytes.length)));
    case 4:
      return overwrite(extremeWord(bytes, pick), pick);
    default:
      return gzipSync(overwrite((pick(2) === 0 ? images : labels).slice(), pick), { level: 1 });
  }
}

/** Null if the input was read, else the error's message. */
function attempt(read: () => void): string | null {
  try {
    read();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether the file's array is as large as its shape says, and no larger than the file or the limit. */
function isSound({ data, shape }: IdxArray, bytes: Uint8Array): boolean {
  const fits = data.length === shape.reduce((product, n) => product * n, 1);
  return fits && data.byteLength <= Math.max(bytes.length, MAX_BYTES);
}

it(`answers ${INPUTS} damaged files with an array or one sentence, quickly and in bounded memory`, () => {
  const limits = { maxBytes: MAX_BYTES };
  const sentence = /^(parseIdx|gunzip|imagesFromIdx): (the file|i|images) .*[.?]$/;
  const startMemory = process.memoryUsage().arrayBuffers;
  let [refused, slowest, mostMemory] = [0, 0, 0];
  for (let input = 0; input < INPUTS; input++) {
    const bytes = mutate(input);
    const start = performance.now();
    const message = attempt(() => {
      if (!isSound(parseIdx(bytes, limits), bytes)) throw new Error('unsound array');
      if (input % 4 === 0) imagesFromIdx({ name: 'i', bytes }, { name: 'l', bytes: labels }, limits);
    });
    slowest = Math.max(slowest, performance.now() - start);
    if (message !== null) {
      refused++;
      if (!sentence.test(message)) expect(message).toMatch(sentence); // expect itself is slow
    }
    if (input % 1000 === 0)
      mostMemory = Math.max(mostMemory, process.memoryUsage().arrayBuffers - startMemory);
  }
  expect(refused).toBeGreaterThan(INPUTS / 2);
  expect(refused).toBeLessThan(INPUTS); // some changes are to pixels only
  expect(slowest).toBeLessThan(2000); // milliseconds; typically below one, the rest is the garbage collector and other programs
  expect(mostMemory).toBeLessThan(2 ** 28); // garbage that is not yet collected
});
