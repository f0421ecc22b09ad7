import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzipWithStreams } from '../io/gunzipStream';
import type { GunzipStream } from '../io/gunzipStream';
import { gunzipWithZlib } from './gunzipStream';

const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => ((i * i) % 251) ^ (i >> 12)));
const packed = new Uint8Array(gzipSync(content));

// eslint-disable-next-line @typescript-eslint/require-await -- an asynchronous iterable is asked for
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

/** What comes out, and the error that follows. */
async function unpack(gunzip: GunzipStream, bytes: Uint8Array, size = 100_000) {
  const out: Uint8Array[] = [];
  try {
    for await (const piece of gunzip(pieces(bytes, size))) out.push(piece);
  } catch (error) {
    return { out: Buffer.concat(out), error: (error as Error).message };
  }
  return { out: Buffer.concat(out), error: null };
}

describe.each([
  ['gunzipWithZlib', gunzipWithZlib],
  ['gunzipWithStreams', gunzipWithStreams],
])('%s', (_, gunzip) => {
  it.each([[7919], [65536], [1_000_000_000]])('unpacks pieces of %d bytes', async (size) => {
    const { out, error } = await unpack(gunzip, packed, size);
    expect(error).toBeNull();
    expect(out.equals(content)).toBe(true);
  });
  it('tells of a file that is cut short, empty or damaged', async () => {
    expect((await unpack(gunzip, packed.slice(0, 5000))).error).not.toBeNull();
    expect((await unpack(gunzip, packed.slice(0, -1))).error).not.toBeNull();
    const damaged = packed.slice();
    damaged[damaged.length - 6] = (damaged.at(-6) ?? 0) ^ 1; // in the checksum
    expect((await unpack(gunzip, damaged)).error).not.toBeNull();
  });
  it('closes its input when nobody wants more', async () => {
    let closed = false;
    async function* input() {
      try {
        yield* pieces(packed, 1000);
      } finally {
        closed = true;
      }
    }
    for await (const piece of gunzip(input())) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(closed).toBe(true);
  });
  it('hands on an error of its input', async () => {
    async function* input() {
      yield packed.slice(0, 1000);
      await Promise.reject(new Error('the cable'));
    }
    const read = async () => {
      for await (const piece of gunzip(input())) expect(piece).toBeDefined();
    };
    await expect(read()).rejects.toThrow('the cable');
  });
});

describe('gunzipWithZlib', () => {
  it('gives the same bytes before a damage every time, and several members', async () => {
    const cut = packed.slice(0, 200_000);
    const first = await unpack(gunzipWithZlib, cut);
    expect(first.error).toBe('unexpected end of file');
    expect(first.out.length).toBeGreaterThan(content.length / 4);
    for (let i = 0; i < 10; i++) expect((await unpack(gunzipWithZlib, cut)).out.equals(first.out)).toBe(true);
    const twice = await unpack(gunzipWithZlib, Buffer.concat([packed, packed]));
    expect(twice.out.length).toBe(2 * content.length);
  });
});
