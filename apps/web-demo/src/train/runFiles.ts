import { decodeNpz, encodeNpz, encodeZip, openImageArrays, openZip, readerOfBytes } from '@meanflow/data';
import type { ByteReader, ImageDataset } from '@meanflow/data';
import { checkpointFiles, decodeCheckpoint, encodeCheckpoint, stepName } from '@meanflow/train';
import type { Checkpoint, CheckpointFileName, JsonValue } from '@meanflow/train';
import { IMAGES_FILE, IMAGES_NAME } from './choices';
import { encodeMetrics, parseMetrics } from './history';
import type { SampleGrid, StepNumbers } from './history';

/** A file that somebody gave, or one of an archive. */
export interface GivenFile {
  /** Path with `/`; a name alone for a single file. */
  readonly path: string;
  readonly read: () => Promise<Uint8Array>;
}

/** Everything of a run that is worth keeping, besides its images. */
export interface StoredRun {
  readonly checkpoint: Checkpoint;
  readonly points: readonly StepNumbers[];
  readonly grids: readonly SampleGrid[];
  /** Names of the classes of its images, where they have any. */
  readonly classNames: readonly string[];
}

const GRIDS_FILE = 'page/samples.npz';
const CLASSES_FILE = 'page/classes.json';

function encodeGrids(grids: readonly SampleGrid[]): Uint8Array {
  const shape = grids.at(-1)?.shape ?? [0, 1, 1, 1];
  const size = shape.reduce((product, n) => product * n, 1);
  const same = grids.filter(({ pixels }) => pixels.length === size);
  const pixels = new Uint8Array(same.length * size);
  for (const [i, grid] of same.entries()) pixels.set(grid.pixels, i * size);
  return encodeNpz({
    steps: { dtype: 'int32', shape: [same.length], data: Int32Array.from(same, ({ step }) => step) },
    pixels: { dtype: 'uint8', shape: [same.length, ...shape], data: pixels },
  });
}

function decodeGrids(bytes: Uint8Array): SampleGrid[] {
  const { steps, pixels } = decodeNpz(bytes, { name: GRIDS_FILE });
  const [, count = 0, height = 0, width = 0, channels = 0] = pixels?.shape ?? [];
  const size = count * height * width * channels;
  if (steps === undefined || pixels === undefined || size === 0) return [];
  return Array.from(steps.data, (step, i) => ({
    step,
    shape: [count, height, width, channels] as const,
    pixels: Uint8Array.from(pixels.data.subarray(size * i, size * (i + 1))),
  }));
}

const readme = (step: number, hasImages: boolean) =>
  `A training run, at step ${step}.

Go on with it on the command line, in this folder:
  meanflow train --resume --out .
Draw samples with it:
  meanflow sample --checkpoint . --out samples.png
Or drop the zip file, or this folder, on the page that it is from.
${hasImages ? '\nimages.npz holds the images that it is trained on.\n' : ''}`;

const text = (content: string) => new TextEncoder().encode(content);

/** The configuration of a run's folder: what weights files carry, without the data set's own numbers. */
function folderConfig(carried: JsonValue): string {
  const entries = Object.entries(carried as Record<string, JsonValue>);
  const config = Object.fromEntries(entries.filter(([key]) => key !== 'dataset'));
  return `${JSON.stringify(config, null, 2)}\n`; // JSON is YAML
}

/**
 * The files of a run's folder, as `meanflow train` writes and reads them.
 *
 * @param images The images that it is trained on; null for those that both programs have.
 */
export function runFolder(
  { checkpoint, points, grids, classNames }: StoredRun,
  images: ImageDataset | null,
): Record<string, Uint8Array> {
  const { step } = checkpoint.snapshot;
  const files: Record<string, Uint8Array> = {
    'README.txt': text(readme(step, images !== null)),
    'config.yaml': text(folderConfig(checkpoint.config)),
    'metrics.jsonl': text(encodeMetrics(points)),
    [GRIDS_FILE]: encodeGrids(grids),
    [CLASSES_FILE]: text(JSON.stringify(classNames)),
  };
  if (images !== null) files[IMAGES_FILE] = encodeImages(images);
  for (const [name, bytes] of encodeCheckpoint(checkpoint))
    files[`checkpoints/${stepName(step)}/${name}`] = bytes;
  return files;
}

/** A run as one file. */
export function encodeRun(run: StoredRun, images: ImageDataset | null): Uint8Array<ArrayBuffer> {
  return encodeZip(runFolder(run, images));
}

/** Images as `numpy.savez` writes them. */
export function encodeImages({
  images,
  labels,
  count,
  height,
  width,
  channels,
  numClasses,
}: ImageDataset): Uint8Array {
  return encodeNpz({
    images: { dtype: 'uint8', shape: [count, height, width, channels], data: images },
    ...(numClasses === 0 ? {} : { labels: { dtype: 'int32', shape: [count], data: labels } }),
  });
}

/**
 * Images of a `.npz` file, all in memory.
 *
 * @param reader The file. Borrowed.
 * @throws Error, one sentence, if it holds no images of bytes.
 */
export async function decodeImages(reader: ByteReader, name = IMAGES_NAME): Promise<ImageDataset> {
  const source = await openImageArrays(reader, { name });
  const count = source.shards[0]?.count ?? 0;
  const labels = new Int32Array(count);
  let images = new Uint8Array();
  let form: readonly [number, number, number] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const sample = await source.readAt(i);
    if (sample?.content.kind !== 'pixels' || ![1, 3].includes(sample.content.channels)) {
      throw new Error(
        `${reader.name} must hold uint8 images with 1 or 3 channels, got something else at ${i}.`,
      );
    }
    const { pixels, height, width, channels } = sample.content;
    if (i === 0) {
      images = new Uint8Array(count * pixels.length);
      form = [height, width, channels];
    }
    images.set(pixels, i * pixels.length);
    labels[i] = sample.label;
  }
  const [height, width, channels] = form;
  return { name, images, labels, count, height, width, channels, numClasses: source.numClasses };
}

/** What a set of files turned out to be. */
export interface FoundRun extends StoredRun {
  /** Its images, where they are among the files. */
  readonly images: ImageDataset | null;
  /** Sentences about newer checkpoints that could not be used. */
  readonly warnings: readonly string[];
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);
const isCheckpointFile = (name: string): name is CheckpointFileName =>
  checkpointFiles.some((known) => known === name);

/** Whether files are, or contain, those of a checkpoint. */
export function looksLikeRun(files: readonly Pick<GivenFile, 'path'>[]): boolean {
  return files.some(({ path }) => isCheckpointFile(nameOf(path)));
}

/** The checkpoint in a folder of files. */
async function readCheckpoint(files: readonly GivenFile[], folder: string): Promise<Checkpoint> {
  const source = nameOf(folder.replace(/\/$/, '')) || 'the checkpoint';
  const known = new Map<string, Uint8Array>();
  for (const file of files) {
    const name = nameOf(file.path);
    if (folderOf(file.path) === folder && isCheckpointFile(name)) known.set(name, await file.read());
  }
  const missing = checkpointFiles.filter((name) => !known.has(name));
  if (missing.length > 0)
    throw new Error(
      `${source} lacks ${missing.join(', ')}. A training goes on from all four files of a checkpoint; weights alone can be opened under Generate`,
    );
  return decodeCheckpoint(source, (name) => {
    const bytes = known.get(name);
    if (bytes === undefined) throw new Error('it is not there');
    return bytes;
  });
}

function parseNames(json: string): string[] {
  const names: unknown = JSON.parse(json);
  return Array.isArray(names) ? names.map(String) : [];
}

const stepOf = (folder: string) => Number(/step-(\d+)\/$/.exec(folder)?.[1] ?? -1);

async function readBeside(
  files: readonly GivenFile[],
  root: string,
  path: string,
): Promise<Uint8Array | null> {
  const found = files.find((file) => file.path === root + path);
  return found === undefined ? null : found.read();
}

/**
 * Finds the newest checkpoint that is whole among files: those of one checkpoint, of a run's folder, or of a folder above
 * it.
 *
 * @throws Error, one sentence, if none can be used.
 */
export async function readRunFiles(files: readonly GivenFile[]): Promise<FoundRun> {
  const folders = [...new Set(files.filter((file) => looksLikeRun([file])).map(({ path }) => folderOf(path)))]
    .filter((folder) => !/(^|\/)(\.|set-aside-)/.test(folder))
    .sort((a, b) => stepOf(b) - stepOf(a) || (a < b ? -1 : 1));
  const warnings: string[] = [];
  for (const folder of folders) {
    let checkpoint: Checkpoint;
    try {
      checkpoint = await readCheckpoint(files, folder);
    } catch (error) {
      warnings.push(error instanceof Error ? error.message.replace(/\.$/, '') : String(error));
      continue;
    }
    const root = folder.replace(/checkpoints\/[^/]*\/$/, '');
    const metrics = await readBeside(files, root, 'metrics.jsonl');
    const grids = await readBeside(files, root, GRIDS_FILE);
    const images = await readBeside(files, root, IMAGES_FILE);
    const classes = await readBeside(files, root, CLASSES_FILE);
    return {
      checkpoint,
      classNames: classes === null ? [] : parseNames(new TextDecoder().decode(classes)),
      points: metrics === null ? [] : parseMetrics(new TextDecoder().decode(metrics)),
      grids: grids === null ? [] : decodeGrids(grids),
      images: images && (await decodeImages(readerOfBytes(IMAGES_FILE, images))),
      warnings: warnings.map((warning) => `${warning}; the one before it is used.`),
    };
  }
  if (warnings.length > 0) throw new Error(`${warnings.join('; ')}.`);
  throw new Error(
    'There is no checkpoint in this: a run has state.json and three .safetensors files in a folder of checkpoints.',
  );
}

/** Bytes that begin as those of a zip archive do. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

/** The files of a zip archive. */
export async function filesOfZip(reader: ByteReader): Promise<GivenFile[]> {
  const files = await openZip(reader);
  return files.map((file) => ({ path: file.name, read: () => file.read() }));
}
