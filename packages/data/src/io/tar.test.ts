import fc from 'fast-check';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodeTar, seal, tarHeader } from '../testing/encodeTar';
import { createTarParser } from './tar';
import { gnuByPython, paxByPython, ustarByPython } from './tar.testdata';

interface Found {
  entries: { name: string; offset: number; size: number; content: string | null }[];
  damages: { offset: number; problem: string }[];
}

/** Parses the archive in pieces that end at `cuts`, by jumps if asked. */
function parse(
  bytes: Uint8Array,
  {
    cuts = [],
    wants = () => true,
    jump = false,
  }: { cuts?: readonly number[]; wants?: (name: string) => boolean; jump?: boolean } = {},
): Found {
  const found: Found = { entries: [], damages: [] };
  const parser = createTarParser({
    wants,
    onEntry: ({ content, ...entry }) =>
      found.entries.push({ ...entry, content: content && Buffer.from(content).toString() }),
    onDamage: (offset, problem) => found.damages.push({ offset, problem }),
  });
  const ends = [...cuts].sort((a, b) => a - b);
  let at = 0;
  while (at < bytes.length && !parser.ended) {
    const end = ends.find((cut) => cut > at) ?? bytes.length;
    const piece = bytes.slice(at, end);
    parser.push(piece);
    piece.fill(0xee); // a piece is only borrowed
    at = Math.min(end, bytes.length);
    if (jump) {
      const bytesToJump = Math.min(parser.unwanted, bytes.length - at);
      parser.skip(bytesToJump);
      at += bytesToJump;
    }
    expect(parser.position).toBe(at);
  }
  parser.end();
  return found;
}

const files = [
  { name: 'a.cls', content: '1' },
  { name: 'a.jpg', content: 'x'.repeat(1500) },
  { name: 'empty.jpg', content: '' },
  { name: 'block.jpg', content: 'y'.repeat(512) },
];
const archive = encodeTar(files);
const expected = [
  { offset: 0, size: 1, content: '1', name: 'a.cls' },
  { offset: 1024, size: 1500, content: 'x'.repeat(1500), name: 'a.jpg' },
  { offset: 3072, size: 0, content: '', name: 'empty.jpg' },
  { offset: 3584, size: 512, content: 'y'.repeat(512), name: 'block.jpg' },
];

describe('createTarParser', () => {
  it('tells names, offsets and contents', () => {
    expect(parse(archive)).toEqual({ entries: expected, damages: [] });
  });
  it('does not depend on how the bytes are cut, nor on jumps', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(archive.length), { maxLength: 30 }),
        fc.boolean(),
        fc.subarray(files.map(({ name }) => name)),
        (cuts, jump, wanted) => {
          const { entries, damages } = parse(archive, { cuts, jump, wants: (name) => wanted.includes(name) });
          expect(damages).toEqual([]);
          expect(entries).toEqual(
            expected.map((entry) => (wanted.includes(entry.name) ? entry : { ...entry, content: null })),
          );
        },
      ),
    );
  });
  it('jumps over what nobody wants', () => {
    let pushed = 0;
    const parser = createTarParser({
      wants: () => false,
      onEntry: () => undefined,
      onDamage: (_, problem) => expect.fail(problem),
    });
    for (let at = 0; !parser.ended; at = parser.position) {
      parser.push(archive.subarray(at, at + 512));
      pushed++;
      parser.skip(parser.unwanted);
    }
    expect(pushed).toBe(files.length + 1); // a header for each, and the first block of the end
  });
  it.each([
    ['ustar', ustarByPython, false],
    ['GNU', gnuByPython, true],
    ['pax', paxByPython, true],
  ])('reads the long names of %s', (_, packed, withLongest) => {
    const long = { name: `${'l'.repeat(300)}.jpg`, content: 'two' };
    const names = [
      { name: 'short.txt', content: 'one' },
      { name: `${'p'.repeat(60)}/${'q'.repeat(80)}.jpg`, content: 'x'.repeat(600) },
      ...(withLongest ? [long] : []),
      { name: 'Grüße/über.jpg', content: '' },
      { name: 'last', content: 'end' },
    ];
    const bytes = new Uint8Array(gunzipSync(Buffer.from(packed, 'base64')));
    const { entries, damages } = parse(bytes, { cuts: [1, 700, 1800, 2100] });
    expect(damages).toEqual([]);
    expect(entries.map(({ name, content }) => ({ name, content }))).toEqual(names);
    for (const { offset } of entries) {
      // An entry can be entered at its offset, the headers that name it included.
      expect(parse(bytes.subarray(offset)).entries[0]?.name).toBe(
        entries.find((entry) => entry.offset === offset)?.name,
      );
    }
  });
  it('reads sizes in base 256 and in pax records', () => {
    const wide = tarHeader('wide', 0);
    wide.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], 124);
    seal(wide);
    const block = (text: string) => Buffer.from(text.padEnd(512, '\0'));
    const pax = '10 size=3\n';
    const bytes = Buffer.concat([
      ...[wide, block('abc')],
      ...[tarHeader('pax', pax.length, 'x'), block(pax), tarHeader('paxed', 0), block('def')],
      new Uint8Array(1024),
    ]);
    expect(parse(bytes).entries.map(({ name, content }) => [name, content])).toEqual([
      ['wide', 'abc'],
      ['paxed', 'def'],
    ]);
  });
  it('goes on at the next header after one whose checksum is wrong', () => {
    const damaged = archive.slice();
    damaged[1024] = 0x62;
    const { entries, damages } = parse(damaged);
    expect(entries.map(({ name }) => name)).toEqual(['a.cls', 'empty.jpg', 'block.jpg']);
    expect(damages.map(({ offset }) => offset)).toEqual([1024]);
    expect(damages[0]?.problem).toMatch(/^the tar header's checksum must be \d+, got \d+$/);
  });
  it.each([
    ['in a content', 2000, 1024, 'the file a.jpg must have 1500 bytes, got 464: the tar is cut short'],
    [
      'in a header',
      3100,
      3072,
      'the tar must end with a block of zeros, but ends before it: it is cut short',
    ],
    [
      'between entries',
      3584,
      3584,
      'the tar must end with a block of zeros, but ends before it: it is cut short',
    ],
    ['at once', 0, 0, 'the tar must end with a block of zeros, but ends before it: it is cut short'],
  ])('tells that it ends %s', (_, length, offset, problem) => {
    expect(parse(archive.subarray(0, length)).damages).toEqual([{ offset, problem }]);
  });
  it('is content with one block of zeros, and ignores what follows the end', () => {
    const entries = expected;
    expect(parse(archive.subarray(0, archive.length - 512))).toEqual({ entries, damages: [] });
    const longer = Buffer.concat([archive, Buffer.from('rubbish'.repeat(200))]);
    expect(parse(longer, { cuts: [archive.length] })).toEqual({ entries, damages: [] });
  });
  it('answers bytes that are no tar with one damage', () => {
    const { entries, damages } = parse(new Uint8Array(5000).fill(0x41));
    expect(entries).toEqual([]);
    expect(damages).toHaveLength(1);
  });
  it('does not keep a size that a damaged header declares', () => {
    const header = tarHeader('huge', 0o77777777777);
    const before = process.memoryUsage().arrayBuffers;
    const { damages } = parse(Buffer.concat([header, new Uint8Array(100)]));
    expect(damages[0]?.problem).toContain('must have 8589934591 bytes, got 100');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});
