import type { TarEntry } from '../io/tar';

/** The files of one sample, put together from consecutive entries with the same key. */
export interface SampleFiles {
  /** Number within the shard. */
  readonly index: number;
  readonly key: string;
  /** Where its first entry begins. */
  readonly offset: number;
  /** Name and content of the image; null content if it was passed over, null if there is none. */
  readonly image: { readonly name: string; readonly content: Uint8Array | null } | null;
  /** Class, null if it has none, or what is wrong with it. */
  readonly label: number | string | null;
}

/** Puts entries together to samples. */
export interface SampleGrouper {
  /** Whether the content of an entry matters. */
  wants(name: string, size: number): boolean;
  add(entry: TarEntry): void;
  /** The last sample is whole. */
  end(): void;
}

const IMAGES = new Set(['jpg', 'jpeg', 'png', 'webp', 'gif', 'avif', 'bmp', 'tif', 'tiff', 'ppm', 'pgm']);
const LARGEST_LABEL = 2 ** 20; // bytes of a file with a label
const JSON_KEYS = ['label', 'cls', 'class', 'class_id', 'target'];

/** `a/b.c/000.img.jpg` -> key `a/b.c/000`, extension `img.jpg`; null for hidden files and those without extension. */
function splitName(name: string): { key: string; extension: string } | null {
  const start = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', start);
  if (dot <= start || name.startsWith('__', start)) return null; // __index__.json and the like are no samples
  const from = name.startsWith('./') ? 2 : 0;
  return { key: name.slice(from, dot), extension: name.slice(dot + 1).toLowerCase() };
}

function isImage(extension: string): boolean {
  return IMAGES.has(extension.slice(extension.lastIndexOf('.') + 1));
}

/** How much an extension says about the label: the larger decides. 0: nothing. */
function labelRank(extension: string): number {
  switch (extension) {
    case 'cls':
    case 'cls.txt':
    case 'label':
      return 3;
    case 'json':
      return 2;
    case 'txt':
      return 1;
    default:
      return 0;
  }
}

function labelOfJson(text: string): number | string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'the .json must be JSON';
  }
  const candidate =
    typeof value === 'object' && value !== null
      ? JSON_KEYS.map((key) => (value as Record<string, unknown>)[key]).find((found) => found !== undefined)
      : value;
  if (candidate === undefined || candidate === null) return null;
  if (Number.isSafeInteger(candidate) && (candidate as number) >= 0) return candidate as number;
  return `the label in .json must be an integer of at least 0, got ${JSON.stringify(candidate).slice(0, 40)}`;
}

const decoder = new TextDecoder();

/** The integer that the file holds; what is wrong if it must hold one; null if it holds something else. */
function labelOf(extension: string, content: Uint8Array): number | string | null {
  const [only = 0] = content;
  if (content.length === 1 && only >= 0x30 && only <= 0x39) return only - 0x30;
  const text = decoder.decode(content).trim();
  if (extension === 'json') return labelOfJson(text);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (extension === 'txt') return null; // a caption
  return `the label in .${extension} must be an integer of at least 0, got ${JSON.stringify(text.slice(0, 40))}`;
}

class Grouper implements SampleGrouper {
  readonly #onSample: (sample: SampleFiles) => void;
  readonly #wantsImage: (index: number, size: number) => boolean;
  #next: number; // number of the next sample
  #open = false;
  #key = '';
  #offset = 0;
  #image: SampleFiles['image'] = null;
  #label: SampleFiles['label'] = null;
  #rank = 0;

  constructor(
    first: number,
    wantsImage: (index: number, size: number) => boolean,
    onSample: (sample: SampleFiles) => void,
  ) {
    this.#next = first;
    this.#wantsImage = wantsImage;
    this.#onSample = onSample;
  }

  wants(name: string, size: number): boolean {
    const split = splitName(name);
    if (split === null) return false;
    if (labelRank(split.extension) > 0) return size <= LARGEST_LABEL;
    if (!isImage(split.extension)) return false;
    const sameSample = this.#open && split.key === this.#key;
    if (sameSample && this.#image !== null) return false;
    return this.#wantsImage(this.#open && !sameSample ? this.#next + 1 : this.#next, size);
  }

  add({ name, offset, content }: TarEntry): void {
    const split = splitName(name);
    if (split === null) return;
    const { key, extension } = split;
    if (!this.#open || key !== this.#key) {
      this.end();
      [this.#open, this.#key, this.#offset] = [true, key, offset];
    }
    if (this.#image === null && isImage(extension)) this.#image = { name, content };
    const rank = labelRank(extension);
    if (rank > this.#rank && content !== null) {
      const label = labelOf(extension, content);
      if (label !== null) [this.#label, this.#rank] = [label, rank];
    }
  }

  end(): void {
    if (!this.#open) return;
    const sample = {
      index: this.#next++,
      key: this.#key,
      offset: this.#offset,
      image: this.#image,
      label: this.#label,
    };
    [this.#open, this.#image, this.#label, this.#rank] = [false, null, null, 0];
    this.#onSample(sample);
  }
}

/**
 * Groups the entries of a WebDataset shard by key: the path up to the first dot of the file's name.
 *
 * The image is the first file of a sample with an image's extension. The label is the integer in `.cls`, `.cls.txt` or
 * `.label`, else `label`, `cls`, `class`, `class_id` or `target` in `.json`, else the integer in `.txt`.
 *
 * @param first Number of the first sample.
 * @param wantsImage Whether the image of a sample is wanted.
 * @param onSample Receives each sample once all its entries have come.
 * @see https://github.com/webdataset/webdataset, "The WebDataset Format".
 */
export function groupSamples(
  first: number,
  wantsImage: (index: number, size: number) => boolean,
  onSample: (sample: SampleFiles) => void,
): SampleGrouper {
  return new Grouper(first, wantsImage, onSample);
}
