import { everyImage } from '../../data/everyImage';
import type { Terminal } from '../../terminal';
import { tolerantLog, withDataset } from './openDataset';
import type { DatasetOptions, OpenDataset } from './openDataset';

/** What `meanflow dataset info` tells. */
interface DatasetInfo {
  readonly name: string;
  readonly samples: number;
  readonly shards: number;
  readonly numClasses: number;
  readonly classNames: readonly string[] | null;
  /** [height, width, channels] of the first image, or the shape of the first values. */
  readonly firstShape: readonly number[];
  readonly kind: 'images' | 'values';
  readonly damages: readonly unknown[];
}

async function describe({ source, decoder, count }: OpenDataset): Promise<DatasetInfo> {
  const { name, shards, numClasses, classNames = null, damage } = source;
  const facts = { name, samples: count, shards: shards.length, numClasses, classNames };
  for await (const { content } of everyImage(source, decoder)) {
    const isImage = content.kind === 'pixels';
    const firstShape = isImage ? [content.height, content.width, content.channels] : content.shape;
    return { ...facts, firstShape, kind: isImage ? 'images' : 'values', damages: damage.damages };
  }
  return { ...facts, firstShape: [], kind: 'images', damages: damage.damages };
}

/**
 * `meanflow dataset info`.
 *
 * @returns The exit code.
 * @throws UserError if there is no data set that can be read.
 */
export async function datasetInfo(
  path: string,
  options: DatasetOptions & { readonly json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const info = await withDataset(path, options, tolerantLog(), describe);
  if (options.json === true) {
    terminal.out(JSON.stringify(info, null, 2));
    return 0;
  }
  const { name, samples, shards, numClasses, classNames, firstShape, kind, damages } = info;
  const names = classNames === null ? '' : `: ${classNames.slice(0, 10).join(', ')}${classNames.length > 10 ? ', ...' : ''}`; // prettier-ignore
  terminal.out(`Name:     ${name}`);
  terminal.out(`Samples:  ${samples.toLocaleString('en')} in ${shards} ${shards === 1 ? 'shard' : 'shards'}`);
  terminal.out(`Classes:  ${numClasses === 0 ? 'none' : `${numClasses}${names}`}`);
  terminal.out(`First:    ${kind === 'images' ? 'image' : 'values'} of ${firstShape.join('x') || 'nothing'}`);
  if (damages.length > 0)
    terminal.out(`Damaged:  at least ${damages.length}; meanflow dataset check ${path} names them`);
  return 0;
}
