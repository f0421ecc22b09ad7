import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pixelsToFloats } from '@meanflow/data';
import type { RawImage } from '@meanflow/data';
import { encodePng } from '@meanflow/train';
import { replaceDurably } from '@meanflow/train/node';
import { gridPicture } from '@meanflow/train/run';
import { everyImage } from '../../data/everyImage';
import type { Terminal } from '../../terminal';
import { UserError } from '../../userError';
import { wholeNumber } from '../../wholeNumber';
import { formOf, tolerantLog, withDataset } from './openDataset';
import type { DatasetOptions } from './openDataset';

const MOST_ROWS = 20;
const THUMBNAIL = 64; // larger images are shown at this size

/** Images for a sheet: a row a class, or a square without classes. */
function createSheet(numClasses: number, columns: number) {
  const rows = numClasses === 0 ? columns : Math.min(numClasses, MOST_ROWS);
  const places: (RawImage | null)[] = new Array<RawImage | null>(rows * columns).fill(null);
  const next = new Map<number, number>(); // row -> column that is free
  let missing = rows * columns;
  return {
    rows,
    places,
    isFull: () => missing === 0,
    add(image: RawImage, label: number) {
      const row = numClasses === 0 ? Math.floor((rows * columns - missing) / columns) : label;
      const column = next.get(row) ?? 0;
      if (row >= rows || column >= columns) return;
      places[row * columns + column] = image;
      next.set(row, column + 1);
      missing--;
    },
  };
}

/**
 * `meanflow dataset preview`: a contact sheet, a row a class.
 *
 * @returns The exit code.
 * @throws UserError if there are no images.
 */
export async function datasetPreview(
  path: string,
  options: DatasetOptions & { readonly out: string; readonly columns?: string },
  terminal: Terminal,
): Promise<number> {
  const columns = wholeNumber('--columns', options.columns ?? '10', 1);
  const form = formOf(options);
  return withDataset(path, options, tolerantLog(), async ({ source, decoder }) => {
    const sheet = createSheet(source.numClasses, columns);
    let shape: readonly number[] | null = null;
    let size = form.size;
    for await (const { content } of everyImage(source, decoder)) {
      if (content.kind !== 'pixels')
        throw new UserError(
          `a preview needs images, and ${source.name} holds values of shape ${content.shape.join('x')}.`,
        );
      if (size === null && (content.height !== content.width || content.height > THUMBNAIL)) size = THUMBNAIL;
      break;
    }
    for await (const { content, sample } of everyImage(source, decoder, {
      size,
      channels: form.channels ?? 3,
    })) {
      if (content.kind !== 'pixels') continue;
      shape ??= [content.height, content.width, content.channels];
      if (content.height !== shape[0] || content.width !== shape[1])
        throw new UserError(`images must be of one size for a preview, got ${content.height}x${content.width} after ${shape.slice(0, 2).join('x')}. --size scales and crops them.`); // prettier-ignore
      sheet.add(content, sample.label);
      if (sheet.isFull()) break;
    }
    if (shape === null)
      throw new UserError(`${path} must hold at least one image that is not damaged, got none.`);
    const length = shape.reduce((product, n) => product * n, 1);
    const data = new Float32Array(sheet.places.length * length).fill(-1);
    sheet.places.forEach((image, i) => {
      if (image !== null) data.set(pixelsToFloats(image.pixels), i * length);
    });
    mkdirSync(dirname(options.out), { recursive: true });
    replaceDurably(
      options.out,
      encodePng(gridPicture({ shape: [sheet.places.length, ...shape], data }, columns)),
    );
    const rows = source.classNames?.slice(0, sheet.rows).join(', ');
    terminal.out(`${options.out}: ${sheet.rows} rows${rows === undefined ? '' : `, ${rows}`}`);
    return 0;
  });
}
