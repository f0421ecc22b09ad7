import { centerCrop, formImage, imagesFromIdx, isImageName, readerOfBytes } from '@meanflow/data';
import type { ImageDataset, ImageDecoder, RawImage } from '@meanflow/data';
import { IMAGES_NAME } from './choices';
import { decodeImages, filesOfZip, isZip } from './runFiles';
import type { GivenFile } from './runFiles';

/** What dropped images become. */
export interface ImageForm {
  /** Side of the square that each is scaled and cropped to. */
  readonly side: number;
  /** 1 grey, 3 colour; null: colour if any image has one. */
  readonly channels: 1 | 3 | null;
}

/** Images as they were dropped, in the order of their paths. */
export interface OwnFiles {
  readonly images: readonly GivenFile[];
  /** Class of each; null without classes. */
  readonly labels: Int32Array | null;
  readonly classNames: readonly string[];
}

const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Folders that all paths have in common. */
function commonFolders(paths: readonly (readonly string[])[]): number {
  const [first = []] = paths;
  const shared = first.findIndex((part, i) => paths.some((path) => path.length <= i + 1 || path[i] !== part));
  return shared < 0 ? Math.max(0, first.length - 1) : shared;
}

/**
 * The images among files, with a class for each folder that they lie in below the one that they have in common. Images
 * that lie in one folder have no classes; neither have images beside folders of images.
 */
export function sortImages(files: readonly GivenFile[]): OwnFiles {
  const images = files
    .filter(({ path }) => isImageName(path) && !path.startsWith('__MACOSX/') && !path.includes('/.'))
    .sort((a, b) => byCode(a.path, b.path));
  const paths = images.map(({ path }) => path.split('/'));
  const depth = commonFolders(paths);
  const classes = paths.map((path) => (path.length > depth + 1 ? (path[depth] ?? null) : null));
  const classNames = [...new Set(classes)].flatMap((name) => name ?? []).sort(byCode);
  if (classes.includes(null) || classNames.length < 2) return { images, labels: null, classNames: [] };
  const numbers = new Map(classNames.map((name, i) => [name, i]));
  return { images, labels: Int32Array.from(classes, (name) => numbers.get(name ?? '') ?? 0), classNames };
}

/** How far the decoding is. */
export type DecodingListener = (done: number, all: number) => void;

/** Images that can be trained on. */
export interface DecodedImages {
  readonly dataset: ImageDataset;
  /** A sentence for the visitor about files that were left out; null if there are none. */
  readonly note: string | null;
}

const AT_ONCE = 32;
const MOST_BYTES = 2 ** 28; // decoded images are held in memory

const isGreyImage = ({ pixels, channels }: RawImage) =>
  channels === 1 ||
  pixels.every((value, i) => i % channels === 0 || i % channels > 2 || value === pixels[i - (i % channels)]);

function leftOut(problems: readonly string[], all: number): string | null {
  const [first = ''] = problems;
  if (problems.length === 0) return null;
  const files = problems.length === 1 ? 'One file was' : `${problems.length} of ${all} files were`;
  return `${files} left out: ${first}${problems.length > 1 ? ', and others' : ''}.`;
}

/**
 * Decodes dropped images and brings them to one form.
 *
 * @param decoder Borrowed.
 * @throws Error, one sentence, if there is none that can be used.
 */
export async function decodeOwnImages(
  own: OwnFiles,
  { side, channels }: ImageForm,
  decoder: ImageDecoder,
  onProgress: DecodingListener = () => undefined,
): Promise<DecodedImages> {
  const { images: files, labels: allLabels, classNames } = own;
  if (files.length === 0)
    throw new Error(
      'There is no image in this: drop PNG, JPEG, WebP, GIF or AVIF files, a folder or a zip of them.',
    );
  const limit = Math.floor(MOST_BYTES / (side * side * 3));
  if (files.length > limit)
    throw new Error(
      `There can be at most ${limit} images of ${side} x ${side} pixels here, got ${files.length}.`,
    );
  const decoded: { image: RawImage; label: number }[] = [];
  const problems: string[] = [];
  for (let first = 0; first < files.length; first += AT_ONCE) {
    const part = files.slice(first, first + AT_ONCE);
    const bytes = await Promise.all(part.map((file) => file.read()));
    const results = await decoder.decode(bytes, { size: side, channels: channels ?? 3 });
    for (const [i, result] of results.entries()) {
      const path = part[i]?.path ?? '';
      if (typeof result === 'string') problems.push(`${path} (${result})`);
      else decoded.push({ image: result, label: allLabels?.[first + i] ?? 0 });
    }
    onProgress(Math.min(first + AT_ONCE, files.length), files.length);
  }
  const [problem = ''] = problems;
  if (decoded.length === 0) throw new Error(`None of ${files.length} images can be used: ${problem}.`);
  const wanted = channels ?? (decoded.every(({ image }) => isGreyImage(image)) ? 1 : 3);
  const size = side * side * wanted;
  const images = new Uint8Array(decoded.length * size);
  for (const [i, { image }] of decoded.entries()) {
    images.set(formImage(image, { size: null, channels: wanted }).pixels, i * size);
  }
  const dataset = {
    ...{ name: IMAGES_NAME, images, count: decoded.length, height: side, width: side, channels: wanted },
    labels: Int32Array.from(decoded, ({ label }) => label),
    numClasses: allLabels === null ? 0 : classNames.length,
    ...(allLabels === null ? {} : { classNames }),
  };
  return { dataset, note: leftOut(problems, files.length) };
}

/** Brings the images of a data set to another size. */
function resized(dataset: ImageDataset, { side, channels }: ImageForm): ImageDataset {
  const { images, count, height, width, channels: from } = dataset;
  const to = channels ?? (from === 1 ? 1 : 3);
  if (height === side && width === side && to === from) return dataset;
  const size = height * width * from;
  const out = new Uint8Array(count * side * side * to);
  for (let i = 0; i < count; i++) {
    const pixels = images.subarray(size * i, size * (i + 1));
    const image = formImage(
      { kind: 'pixels', pixels, height, width, channels: from },
      { size: null, channels: to },
    );
    out.set(centerCrop(image, side).pixels, side * side * to * i);
  }
  return { ...dataset, images: out, height: side, width: side, channels: to };
}

const isIdx = ({ path }: GivenFile) => /idx\d-ubyte(\.gz)?$/i.test(path);
const isNpz = ({ path }: GivenFile) => /\.npz$/i.test(path);

/**
 * Data sets that need no decoding: a `.npz` of images, or the two IDX files that MNIST has.
 *
 * @param form Null leaves the images as they are.
 * @returns null if the files are neither.
 */
export async function readArrays(
  files: readonly GivenFile[],
  form: ImageForm | null,
): Promise<ImageDataset | null> {
  const npz = files.find(isNpz);
  const idx = files.filter(isIdx);
  let dataset: ImageDataset | null = null;
  if (npz !== undefined) dataset = await decodeImages(readerOfBytes(npz.path, await npz.read()));
  else if (idx.length > 0) dataset = await readIdx(idx);
  return dataset === null || form === null ? dataset : resized(dataset, form);
}

async function readIdx(files: readonly GivenFile[]): Promise<ImageDataset> {
  const images = files.find(({ path }) => /idx[34]/i.test(path));
  const labels = files.find(({ path }) => /idx1/i.test(path));
  if (images === undefined)
    throw new Error(`${files[0]?.path ?? ''} has labels: drop the file of the images with it.`);
  const named = async ({ path, read }: GivenFile) => ({ name: path, bytes: await read() });
  return imagesFromIdx(await named(images), labels === undefined ? null : await named(labels), {
    name: IMAGES_NAME,
  });
}

/** Unpacks zip archives among files; their paths come below the archive's name. */
export async function unpackZips(files: readonly GivenFile[]): Promise<GivenFile[]> {
  const unpacked: GivenFile[] = [];
  for (const file of files) {
    if (!/\.zip$/i.test(file.path)) {
      unpacked.push(file);
      continue;
    }
    const bytes = await file.read();
    if (!isZip(bytes)) throw new Error(`${file.path} is no zip archive, or a damaged one.`);
    const inner = await filesOfZip(readerOfBytes(file.path, bytes));
    const folder = file.path.replace(/\.zip$/i, '');
    unpacked.push(...inner.map(({ path, read }) => ({ path: `${folder}/${path}`, read })));
  }
  return unpacked;
}
