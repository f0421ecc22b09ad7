import type { NpyArray } from '../npy';
import { npyValues, readNpyHeader } from '../io/npyFormat';
import type { NpyHeader } from '../io/npyFormat';
import { readFrom, readerOfBytes } from '../io/reading';
import type { ByteReader } from '../io/reading';
import { locateZipData, readZipDirectory, readZipEntry } from '../io/zip';
import type { ZipEntry } from '../io/zip';
import type { RandomAccessSource, StoredSample } from '../source';
import { randomSource } from './randomSource';
import type { RandomSourceOptions } from './randomSource';

/** Options of {@link openImageArrays}. */
export interface ImageArraysOptions extends RandomSourceOptions {
  /** Name of the data set. Default the file's. */
  name?: string;
  /** Largest array that is unpacked into memory, in bytes, if it is compressed. Default 2^32. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/** An array and where its bytes are read from. */
interface StoredArray {
  readonly header: NpyHeader;
  readonly reader: ByteReader;
}

const IMAGE_NAMES = ['images', 'arr_0', 'samples', 'latents', 'data', 'x'];
const LABEL_NAMES = ['labels', 'arr_1', 'label', 'y', 'classes'];
const DEFAULT_MAX_BYTES = 2 ** 32;

function fail(name: string, rule: string, got: string): never {
  throw new Error(
    `openImageArrays: ${name} must ${rule}, got ${got}. Likely fix: save uint8 images of shape [N, H, W, C] with numpy.savez(images=..., labels=...).`,
  );
}

async function arrayOfEntry(
  reader: ByteReader,
  entry: ZipEntry,
  { maxBytes = DEFAULT_MAX_BYTES, signal }: ImageArraysOptions,
): Promise<StoredArray> {
  const label = `${entry.name} of ${reader.name}`;
  if (entry.method === 0) {
    const start = await readFrom(reader, locateZipData(reader.name, entry), signal);
    return { reader, header: await readFrom(reader, readNpyHeader(label, start, entry.size), signal) };
  }
  const bytes = await readFrom(reader, readZipEntry(reader.name, reader.size, entry, maxBytes), signal);
  const inMemory = readerOfBytes(label, bytes);
  return {
    reader: inMemory,
    header: await readFrom(inMemory, readNpyHeader(label, 0, bytes.length), signal),
  };
}

async function readLabels(
  { header, reader }: StoredArray,
  count: number,
  signal?: AbortSignal,
): Promise<Int32Array> {
  const { type, shape, dataStart } = header;
  const flat = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (!flat || shape[0] !== count || type.code.startsWith('f')) {
    fail(reader.name, `have integer labels of shape [${count}]`, `[${shape.join(', ')}]`);
  }
  const bytes = await reader.read(dataStart, header.count * type.bytes, signal);
  const values = npyValues(reader.name, type, bytes);
  const bad = values.findIndex((label) => label < 0 || label > 0x7fffffff);
  if (bad >= 0) fail(reader.name, 'have labels of at least 0', `${String(values[bad])} at index ${bad}`);
  return Int32Array.from(values);
}

/** What one row of the array is. */
function rowForm(
  name: string,
  { type, shape }: NpyHeader,
): (values: NpyArray['data']) => StoredSample['content'] {
  const [, ...row] = shape;
  if (type.code.startsWith('f') && row.length > 0) {
    return (values) => ({
      kind: 'values',
      values: values instanceof Float32Array ? values : Float32Array.from(values),
      shape: row,
    });
  }
  const [height = 0, width = 0, channels = 1] = row;
  if (type.code !== 'u1' || row.length < 2 || row.length > 3 || channels > 4) {
    fail(
      name,
      'hold uint8 images of shape [N, H, W, C] or [N, H, W], or floats',
      `${type.code} of shape [${shape.join(', ')}]`,
    );
  }
  return (values) => ({ kind: 'pixels', pixels: values as Uint8Array, height, width, channels });
}

function findByName(
  arrays: ReadonlyMap<string, StoredArray>,
  names: readonly string[],
): StoredArray | undefined {
  return names.map((name) => arrays.get(name)).find((found) => found !== undefined);
}

async function arraysOf(reader: ByteReader, options: ImageArraysOptions): Promise<Map<string, StoredArray>> {
  const { signal } = options;
  const start = await reader.read(0, Math.min(2, reader.size), signal);
  if (start[0] !== 0x50 || start[1] !== 0x4b) {
    const header = await readFrom(reader, readNpyHeader(reader.name, 0, reader.size), signal);
    return new Map([['images', { header, reader }]]);
  }
  const directory = await readFrom(reader, readZipDirectory(reader.name, reader.size), signal);
  const arrays = new Map<string, StoredArray>();
  for (const entry of directory) {
    const name = entry.name.replace(/\.npy$/, '');
    const wanted = IMAGE_NAMES.includes(name) || LABEL_NAMES.includes(name);
    if (wanted && entry.name.endsWith('.npy')) arrays.set(name, await arrayOfEntry(reader, entry, options));
  }
  return arrays;
}

/**
 * A source over an array of images, uint8 [N, H, W, C] or [N, H, W], or of floats such as latents, [N, ...], from a
 * `.npy` or `.npz` file. In the latter the array is `images` or `arr_0` (as ADM's sample batches have it), and the
 * labels, if any, are `labels` or `arr_1`.
 *
 * Rows of arrays that are not compressed are read where they lie; a compressed one is unpacked into memory once.
 *
 * @param reader The file. It is closed with the source.
 * @throws Error, one sentence, if the file is damaged or holds no such array.
 */
export async function openImageArrays(
  reader: ByteReader,
  options: ImageArraysOptions = {},
): Promise<RandomAccessSource> {
  const { name = reader.name, signal } = options;
  const arrays = await arraysOf(reader, options);
  const images = findByName(arrays, IMAGE_NAMES);
  if (images === undefined) {
    fail(reader.name, `hold an array named ${IMAGE_NAMES.slice(0, 2).join(' or ')}`, 'none of them');
  }
  const { header, reader: from } = images;
  const count = header.shape[0] ?? 0;
  if (header.fortranOrder && header.shape.length > 1) {
    fail(reader.name, 'be in C order, rows after each other', 'Fortran order');
  }
  const form = rowForm(reader.name, header);
  const stored = findByName(arrays, LABEL_NAMES);
  const labels = stored === undefined ? null : await readLabels(stored, count, signal);
  const rowBytes = count === 0 ? 0 : (header.count / count) * header.type.bytes;
  const inFile = from === reader;
  const offsetOf = (index: number) => header.dataStart + index * rowBytes;
  const samples = {
    name,
    shard: reader.name,
    count: rowBytes === 0 ? 0 : count,
    labels,
    keyOf: String,
    offsetOf: (index: number) => (inFile ? offsetOf(index) : null),
    async load(index: number, stop?: AbortSignal) {
      const bytes = await from.read(offsetOf(index), rowBytes, stop);
      return form(npyValues(reader.name, header.type, bytes));
    },
    close: () => reader.close(),
  };
  return randomSource('openImageArrays', samples, options);
}
