import { readFrom } from '../io/reading';
import { readerOfFile, reasonOf } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';
import { floatsOf, integersOf } from './tensorValues';
import type { Source, StoredSample } from '../source';
import { NO_LABEL, randomSource } from './randomSource';
import type { RandomSourceOptions } from './randomSource';
import { readSafetensorsHeader } from './safetensorsHeader';
import type { StoredTensor } from './safetensorsHeader';
import { checkClasses, damageLogOf } from './sourceOptions';

/** Options of {@link openLatentShards}. */
export interface LatentShardsOptions extends RandomSourceOptions {
  /** Name of the data set. Default the first file's. */
  name?: string;
  /** Name of the tensor of latents. Default `latents`. */
  latents?: string;
  /** Name of the tensor of labels, which a file may lack. Default `labels`. */
  labels?: string;
  signal?: AbortSignal;
}

/** A file with what its header says. */
interface LatentShard {
  readonly file: StoredFile;
  readonly tensor: StoredTensor;
  readonly count: number;
  readonly rowBytes: number;
  readonly labels: Int32Array | null;
}

function fail(name: string, rule: string, got: string): never {
  throw new Error(
    `openLatentShards: ${name} must ${rule}, got ${got}. Likely fix: store latents of shape [N, ...] and labels of shape [N].`,
  );
}

const show = (shape: readonly number[]) => `[${shape.join(', ')}]`;

async function openShard(file: StoredFile, options: LatentShardsOptions): Promise<LatentShard> {
  const { latents = 'latents', labels = 'labels', signal } = options;
  const reader = await readerOfFile(file, signal);
  const tensors = await readFrom(reader, readSafetensorsHeader(file.name, reader.size), signal);
  const tensor = tensors.get(latents);
  if (tensor === undefined) {
    fail(file.name, `have a tensor named ${latents}`, [...tensors.keys()].slice(0, 10).join(', ') || 'none');
  }
  const [count = 0, ...row] = tensor.shape;
  if (count === 0 || row.length === 0 || tensor.bytes === 0 || !/^B?F(16|32|64)$/.test(tensor.dtype)) {
    fail(
      file.name,
      'have latents that are floats of shape [N, ...]',
      `${tensor.dtype} of ${show(tensor.shape)}`,
    );
  }
  const classes = tensors.get(labels);
  if (classes !== undefined && (classes.shape.length !== 1 || classes.shape[0] !== count)) {
    fail(file.name, `have labels of shape [${count}]`, show(classes.shape));
  }
  const values =
    classes && integersOf(file.name, classes.dtype, await file.read(classes.offset, classes.bytes, signal));
  return { file, tensor, count, rowBytes: tensor.bytes / count, labels: values ?? null };
}

function checkShapes(shards: readonly LatentShard[]): void {
  const [first] = shards;
  if (first === undefined) return;
  for (const { file, tensor, labels } of shards) {
    const [expected, got] = [first.tensor.shape.slice(1), tensor.shape.slice(1)];
    if (show(expected) !== show(got))
      fail(file.name, `have latents of shape ${show(expected)} as other files`, show(got));
    if ((labels === null) !== (first.labels === null)) {
      fail(file.name, 'have labels if other files have', labels === null ? 'none' : 'some');
    }
  }
}

function labelsOf(shards: readonly LatentShard[]): Int32Array | null {
  if (shards.some(({ labels }) => labels === null)) return null;
  const all = new Int32Array(shards.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  for (const { labels, count } of shards) {
    if (labels !== null) all.set(labels, at);
    at += count;
  }
  return all;
}

const contentOf = ({ tensor }: LatentShard, row: Uint8Array): StoredSample['content'] => ({
  kind: 'values',
  values: floatsOf(tensor.dtype, row),
  shape: tensor.shape.slice(1),
});

/** Any row by a read of its own: for files. All of them are one shard. */
function randomLatents(name: string, shards: readonly LatentShard[], options: LatentShardsOptions): Source {
  const starts: number[] = [];
  let count = 0;
  for (const shard of shards) {
    starts.push(count);
    count += shard.count;
  }
  const find = (index: number) => {
    let [low, high] = [0, shards.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    const [shard, start] = [shards[low], starts[low]];
    if (shard === undefined || start === undefined) throw new Error(`internal: no shard of row ${index}.`);
    return { shard, offset: shard.tensor.offset + (index - start) * shard.rowBytes, row: index - start };
  };
  const samples = {
    name,
    shard: shards.length === 1 ? (shards[0]?.file.name ?? name) : name,
    count,
    labels: labelsOf(shards),
    keyOf: (index: number) => {
      const { shard, row } = find(index);
      return shards.length === 1 ? String(row) : `${row} of ${shard.file.name}`;
    },
    offsetOf: (index: number) => find(index).offset,
    async load(index: number, signal?: AbortSignal) {
      const { shard, offset } = find(index);
      return contentOf(shard, await shard.file.read(offset, shard.rowBytes, signal));
    },
    close: async () => {
      await Promise.all(shards.map(({ file }) => file.close()));
    },
  };
  return randomSource('openLatentShards', samples, options);
}

/** Rows of `rowBytes` from pieces of any size; what is left over at the end is dropped. */
async function* rowsOf(pieces: AsyncIterable<Uint8Array>, rowBytes: number): AsyncGenerator<Uint8Array> {
  let row = new Uint8Array(rowBytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const taken = Math.min(rowBytes - filled, piece.length - at);
      row.set(piece.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < rowBytes) break;
      yield row;
      [row, filled] = [new Uint8Array(rowBytes), 0];
    }
  }
}

/** Rows in their order: for servers. */
function sequentialLatents(
  name: string,
  shards: readonly LatentShard[],
  options: LatentShardsOptions,
): Source {
  const damage = damageLogOf(options.damage);
  const highest = labelsOf(shards)?.reduce((most, label) => Math.max(most, label), NO_LABEL) ?? NO_LABEL;
  const given = options.numClasses ?? options.classNames?.length ?? highest + 1;
  const numClasses = highest === NO_LABEL ? 0 : given;
  const { classNames } = options;
  async function* read(number: number, first: number, signal?: AbortSignal): AsyncGenerator<StoredSample> {
    const shard = shards[number];
    if (shard === undefined) {
      throw new RangeError(`read: shard must be in [0, ${shards.length}), got ${number}.`);
    }
    const { file, tensor, count, rowBytes, labels } = shard;
    const offsetOf = (row: number) => tensor.offset + row * rowBytes;
    const rows = rowsOf(file.stream(offsetOf(first), signal), rowBytes)[Symbol.asyncIterator]();
    try {
      for (let index = first; index < count; index++) {
        signal?.throwIfAborted();
        const next = await rows.next().catch((error: unknown) => {
          signal?.throwIfAborted();
          return { problem: reasonOf(error) };
        });
        const offset = offsetOf(index);
        if ('problem' in next || next.done === true) {
          const problem = 'problem' in next ? next.problem : `the file must have ${count} rows, got ${index}`;
          damage.report({ shard: file.name, key: null, offset, problem, samples: count - index });
          return;
        }
        const label = labels?.[index] ?? 0;
        const isClass = label >= 0 && label < Math.max(numClasses, 1);
        if (numClasses > 0 && !isClass) {
          const problem = `the label must be in [0, ${numClasses}), got ${label}`;
          damage.report({ shard: file.name, key: String(index), offset, problem });
          continue;
        }
        const content = contentOf(shard, next.value);
        yield { index, key: String(index), offset, label: numClasses === 0 ? 0 : label, content };
      }
    } finally {
      await rows.return(undefined);
    }
  }
  return {
    name,
    access: 'sequential',
    shards: shards.map(({ file, count }) => ({ name: file.name, count })),
    numClasses,
    ...(classNames && numClasses > 0 && { classNames }),
    damage,
    read,
    close: async () => {
      await Promise.all(shards.map(({ file }) => file.close()));
    },
  };
}

/**
 * A source over latents in safetensors files, each with `latents`, F32, F16 or BF16 of shape [N, ...], and perhaps
 * `labels`, integers [N]. Samples are float32 of shape [...].
 *
 * Only headers and labels are held in memory. From files, rows are read in any order; from servers, front to back.
 *
 * @param files Shards in their order; all have rows of one shape. They are closed with the source.
 * @throws Error, one sentence, if a file is damaged or holds no latents.
 */
export async function openLatentShards(
  files: readonly StoredFile[],
  options: LatentShardsOptions = {},
): Promise<Source> {
  checkClasses('openLatentShards', options);
  const shards: LatentShard[] = [];
  for (const file of files) {
    try {
      shards.push(await openShard(file, options));
    } finally {
      await file.close(); // there may be thousands
    }
  }
  const [first] = files;
  if (first === undefined) throw new RangeError('openLatentShards: files must be at least one, got none.');
  checkShapes(shards);
  const { name = first.name } = options;
  const open = files.every((file) => file.seeksCheaply) ? randomLatents : sequentialLatents;
  return open(name, shards, options);
}
