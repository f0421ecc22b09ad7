import { decodeSafetensors, encodeSafetensors } from '@meanflow/safetensors';
import { gzipSync, zipSync } from 'fflate';
import { gunzip } from './gunzip';
import { parseShardIndex, stringifyShardIndex } from './formats/shardIndex';
import { parseLabels } from './formats/labelList';
import { readSafetensorsHeader } from './formats/safetensorsHeader';
import { groupSamples } from './formats/webDatasetSamples';
import { parseWidsIndex } from './formats/widsIndex';
import { readNow } from './io/reading';
import { createTarParser } from './io/tar';
import { gnuByPython, paxByPython } from './io/tar.testdata';
import { readZipDirectory, readZipEntry } from './io/zip';
import { decodeNpy, encodeNpy } from './npy';
import { decodeNpz, encodeNpz } from './npz';
import { savedByNumpy } from './npz.testdata';
import { encodeTar, seal } from './testing/encodeTar';
import { Unsound } from './testing/fuzz';
import type { FuzzTarget, Pick } from './testing/fuzz';
import { toZip64 } from './testing/toZip64';
import { sampleFiles } from './testing/webDatasetFiles';

const MAX_BYTES = 65536;
const never = /$^/;
const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const utf8 = (text: string) => new Uint8Array(Buffer.from(text));
const unpacked = (packed: string) => gunzip(base64(packed), 'seed', 2 ** 20);
const must = (holds: boolean, what: string) => {
  if (!holds) throw new Unsound(what);
};

const tarSeeds = [
  encodeTar(sampleFiles(3)),
  encodeTar([
    { name: 'a.json', content: '{"label":3}' },
    { name: 'a.jpg', content: 'x'.repeat(900) },
    { name: 'b.jpg', content: '' },
    { name: 'b.txt', content: '12' },
  ]),
  unpacked(gnuByPython).slice(0, 8192),
  unpacked(paxByPython).slice(0, 8192),
];

/** Half of the inputs get right checksums again, so that what the headers say is believed. */
function sealHeaders(bytes: Uint8Array, pick: Pick): void {
  if (pick(2) === 0) return;
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (block[257] === 0x75 && block[258] === 0x73) seal(block);
  }
}

/** Pieces of random sizes. */
function* piecesOf(bytes: Uint8Array, pick: Pick): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const length = pick(3) === 0 ? bytes.length : 1 + pick(1500);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

const tar: FuzzTarget = {
  seeds: tarSeeds,
  sentence: never,
  leastRefused: 0, // damage is told to the handler
  repair: sealHeaders,
  attempt(bytes, pick) {
    let [kept, offset, events] = [0, -1, 0];
    const parser = createTarParser({
      wants: () => pick(3) > 0,
      onEntry(entry) {
        must(entry.offset > offset && entry.offset < bytes.length, 'offsets grow');
        must(entry.content === null || entry.content.length === entry.size, 'content is whole');
        kept += entry.content?.length ?? 0;
        offset = entry.offset;
        events++;
      },
      onDamage(at, problem) {
        must(
          at >= 0 && at <= bytes.length && /^(the tar|the pax|a long|the file|the entry)/.test(problem),
          problem,
        );
        events++;
      },
    });
    for (const piece of piecesOf(bytes, pick)) parser.push(piece);
    parser.end();
    must(kept <= bytes.length, 'no more is kept than came');
    must(events <= bytes.length / 512 + 2, 'an event a block');
    must(parser.position === bytes.length, 'all is taken');
  },
};

const webDataset: FuzzTarget = {
  seeds: tarSeeds,
  sentence: never,
  leastRefused: 0,
  repair: sealHeaders,
  attempt(bytes, pick) {
    let next = 5;
    const grouper = groupSamples(
      next,
      () => pick(3) > 0,
      ({ index, key, image, label }) => {
        must(index === next++, 'numbers follow each other');
        must(key !== '' && (image === null || image.name.includes(key)), 'a key is part of names');
        must(typeof label !== 'number' || (Number.isSafeInteger(label) && label >= 0), 'labels are classes');
      },
    );
    const parser = createTarParser({
      wants: grouper.wants.bind(grouper),
      onEntry: grouper.add.bind(grouper),
      onDamage: () => undefined,
    });
    for (const piece of piecesOf(bytes, pick)) parser.push(piece);
    parser.end();
    grouper.end();
  },
};

const image = new Uint8Array(300).fill(7);
const zipSeed = zipSync({
  '0/a.png': [image, { level: 0 }],
  '0/b.png': [image, { level: 9 }],
  'dataset.json': utf8('{"labels":[["0/a.png",1],["0/b.png",0]]}'),
});

const zip: FuzzTarget = {
  seeds: [zipSeed, toZip64(zipSeed)],
  sentence: /^zip: /,
  leastRefused: 0.3,
  attempt(bytes) {
    for (const entry of readNow(bytes, readZipDirectory('z', bytes.length))) {
      const content = readNow(bytes, readZipEntry('z', bytes.length, entry, MAX_BYTES));
      must(content.length === entry.size && entry.size <= MAX_BYTES, 'content has its size');
    }
  },
};

const small = { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
const labels = { dtype: 'int32', shape: [3], data: Int32Array.of(1, 2, 3) } as const;
const npySeeds = [encodeNpy(small), encodeNpy(labels)];

const npy: FuzzTarget = {
  seeds: npySeeds,
  sentence: /^decodeNpy: the array must be a whole NumPy array, but /,
  leastRefused: 0.3,
  attempt(bytes) {
    const { data, shape } = decodeNpy(bytes);
    must(data.length === shape.reduce((product, n) => product * n, 1), 'as many values as the shape says');
    must(data.length <= bytes.length, 'no more values than bytes');
  },
};

const npz: FuzzTarget = {
  seeds: [
    encodeNpz({ small, labels }),
    base64(savedByNumpy),
    zipSync({ 'a.npy': npySeeds[0] ?? new Uint8Array() }),
  ],
  sentence: /^(zip|decodeNpy): /,
  leastRefused: 0.3,
  attempt(bytes) {
    for (const { data } of Object.values(decodeNpz(bytes, { maxBytes: MAX_BYTES }))) {
      must(data.length <= MAX_BYTES, 'arrays keep to the limit');
    }
  },
};

const gzip: FuzzTarget = {
  seeds: [gzipSync(image), gzipSync(tarSeeds[0] ?? image), gzipSync(image, { level: 0 })],
  sentence: /^gunzip: /,
  leastRefused: 0.5,
  attempt(bytes) {
    must(gunzip(bytes, 'g', MAX_BYTES).length <= MAX_BYTES, 'content keeps to the limit');
  },
};

const safetensorsSeeds = [
  encodeSafetensors({ a: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } }),
  encodeSafetensors(
    {
      latents: { dtype: 'F16', shape: [3, 1], data: Uint16Array.of(1, 2, 3) },
      labels: { dtype: 'I64', shape: [3], data: BigInt64Array.of(1n, 2n, 3n) },
    },
    { config: 'x' },
  ),
];

const safetensors: FuzzTarget = {
  seeds: safetensorsSeeds,
  sentence: /^decodeSafetensors: /,
  leastRefused: 0.3,
  attempt(bytes) {
    const { tensors } = decodeSafetensors(bytes);
    const total = Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
    must(total <= bytes.length, 'no more data than bytes');
  },
};

const latents: FuzzTarget = {
  seeds: safetensorsSeeds,
  sentence: /^safetensors: /,
  leastRefused: 0.3,
  attempt(bytes) {
    for (const { offset, bytes: length } of readNow(
      bytes,
      readSafetensorsHeader('s', bytes.length),
    ).values()) {
      must(offset >= 8 && offset + length <= bytes.length, 'tensors lie in the file');
    }
  },
};

const indexText = stringifyShardIndex({
  count: 65,
  labelled: 65,
  unlabelled: null,
  highest: { label: 9, key: 'k', offset: 512 },
  compressed: false,
  offsets: [0, 131072],
  damages: [{ key: null, offset: 7, problem: 'p' }],
});

const indexes: FuzzTarget = {
  seeds: [utf8(indexText), utf8('{"shardlist":[{"url":"a.tar","nsamples":3}],"wids_version":1}')],
  sentence: never,
  leastRefused: 0, // null is the answer
  attempt(bytes) {
    const text = Buffer.from(bytes).toString('utf8');
    const index = parseShardIndex(text);
    must(index === null || index.labelled <= index.count, 'counts are possible');
    must(parseWidsIndex(text)?.every(({ count }) => count >= 0) ?? true, 'counts are possible');
  },
};

const labelLists: FuzzTarget = {
  seeds: [
    '{"labels":[["0/a.png",1],["0/b.png",0]]}',
    '{"a.png":3}',
    'file,label\n"a ""x"".png",owl\nb.png,cat',
    '{"file":"a","label":1}\n{"file":"b","label":2}',
  ].map(utf8),
  sentence: /^parseLabels: labels\.(json|jsonl|csv) must list files and labels, /,
  attempt(bytes, pick) {
    const name = ['labels.json', 'labels.jsonl', 'labels.csv'][pick(3)] ?? '';
    const list = parseLabels(name, Buffer.from(bytes).toString('utf8'));
    for (const label of list?.labels.values() ?? [])
      must(Number.isSafeInteger(label) && label >= 0, 'classes');
  },
};

/** What is fuzzed, by name. */
export const fuzzTargets: Readonly<Record<string, FuzzTarget>> = {
  tar,
  'WebDataset samples': webDataset,
  'zip archives': zip,
  npy,
  npz,
  gzip,
  safetensors,
  'latent shards': latents,
  'shard indexes': indexes,
  'label lists': labelLists,
};
