import { uniforms } from '@meanflow/random';
import { expect } from 'vitest';

/** Integers in [0, n), each drawn anew. */
export type Pick = (n: number) => number;

/** A parser with good inputs, damaged copies of which it is given. */
export interface FuzzTarget {
  readonly seeds: readonly Uint8Array[];
  /** Runs the parser. An error of the parser's is an answer; throw {@link Unsound} for an answer that is wrong. */
  attempt(bytes: Uint8Array, pick: Pick): void;
  /** What messages must look like; never if there must be none. */
  readonly sentence: RegExp;
  /** Makes a damaged input good in part, such as its checksums. Default: nothing. */
  repair?(bytes: Uint8Array, pick: Pick): void;
  /** Least share of inputs that must be refused. Default 0.05. */
  readonly leastRefused?: number;
}

/** An answer that no parser must give: never the answer to a damaged file. */
export class Unsound extends Error {}

const SPECIAL = [0, 1, 2, 3, 8, 0x0d, 0x1f, 0x20, 0x22, 0x2c, 0x30, 0x7f, 0x80, 0x8b, 0xfe, 0xff];
const WORDS = [
  [255, 255, 255, 255],
  [127, 255, 255, 255],
  [255, 255, 255, 127],
  [0, 0, 1, 0],
  [0, 0, 0, 128],
  [0, 0, 0, 0],
  [255, 255, 255, 255, 255, 255, 255, 255],
  [255, 255, 255, 255, 255, 255, 31, 0],
  [0, 0, 0, 0, 1, 0, 0, 0],
];

/** Numbers of one input. */
export function pickerOf(purpose: string, input: number): Pick {
  let [numbers, next, block] = [uniforms({ seed: 1, purpose, step: input }, 32), 0, 0];
  return (n) => {
    if (next === numbers.length) {
      block++;
      [numbers, next] = [uniforms({ seed: 1, purpose, step: input, sample: block }, 32), 0];
    }
    return Math.floor((numbers[next++] ?? 0) * n);
  };
}

/** A place in the bytes: in half of the cases near an end, where headers and directories are. */
function place(length: number, pick: Pick): number {
  const near = Math.min(64, length);
  switch (pick(4)) {
    case 0:
      return pick(near);
    case 1:
      return length - 1 - pick(near);
    default:
      return pick(length);
  }
}

function overwrite(bytes: Uint8Array, pick: Pick): void {
  for (let change = pick(4); change >= 0 && bytes.length > 0; change--) {
    bytes[place(bytes.length, pick)] = pick(2) === 0 ? (SPECIAL[pick(SPECIAL.length)] ?? 0) : pick(256);
  }
}

function extremeWord(bytes: Uint8Array, pick: Pick): void {
  const word = WORDS[pick(WORDS.length)] ?? [];
  const at = place(bytes.length, pick);
  if (at + word.length <= bytes.length) bytes.set(word, at);
}

/** A damaged copy of a good input: changed, cut, extended, joined with another, or made up. */
export function damagedCopy(seeds: readonly Uint8Array[], pick: Pick): Uint8Array {
  const seed = () => new Uint8Array(seeds[pick(seeds.length)] ?? []);
  const bytes = seed();
  switch (pick(8)) {
    case 0:
    case 1:
      overwrite(bytes, pick);
      return bytes;
    case 2:
      extremeWord(bytes, pick);
      return bytes;
    case 3:
      extremeWord(bytes, pick);
      overwrite(bytes, pick);
      return bytes;
    case 4:
      return bytes.slice(0, pick(bytes.length + 1));
    case 5: {
      const [other, at] = [seed(), pick(bytes.length + 1)];
      return new Uint8Array(Buffer.concat([bytes.subarray(0, at), other.subarray(pick(other.length + 1))]));
    }
    case 6: {
      const from = pick(bytes.length + 1); // a piece is missing
      return new Uint8Array(Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + pick(64))]));
    }
    default:
      return Uint8Array.from({ length: pick(600) }, () => pick(256));
  }
}

/**
 * Gives the parser so many damaged inputs. It must answer each with a value or an error of one sentence, within two
 * seconds (typically far below a millisecond; the rest is the garbage collector and other programs), and hold no more
 * than 256 MiB of arrays, most of it garbage that is not yet collected.
 */
export function fuzz(purpose: string, inputs: number, target: FuzzTarget): void {
  const startMemory = process.memoryUsage().arrayBuffers;
  let [refused, slowest, mostMemory] = [0, 0, 0];
  for (let input = 0; input < inputs; input++) {
    const pick = pickerOf(purpose, input);
    const bytes = damagedCopy(target.seeds, pick);
    target.repair?.(bytes, pick);
    const start = performance.now();
    try {
      target.attempt(bytes, pick);
    } catch (error) {
      refused++;
      const isSentence =
        error instanceof Error && error.constructor === Error && target.sentence.test(error.message);
      if (!isSentence) throw new Error(`input ${input} of ${purpose}: ${String(error)}`, { cause: error });
    }
    slowest = Math.max(slowest, performance.now() - start);
    if (input % 500 === 0) {
      mostMemory = Math.max(mostMemory, process.memoryUsage().arrayBuffers - startMemory);
    }
  }
  expect(refused).toBeGreaterThanOrEqual(inputs * (target.leastRefused ?? 0.05));
  expect(refused).toBeLessThan(inputs); // some damages are to content only
  expect(slowest).toBeLessThan(2000);
  expect(mostMemory).toBeLessThan(2 ** 28);
}
