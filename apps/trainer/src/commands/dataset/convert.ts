import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { createDamageLog } from '@meanflow/data';
import { everyImage } from '../../data/everyImage';
import type { DatasetWriter, WriterOptions } from '../../output/dataset/datasetWriter';
import { edmZipWriter } from '../../output/dataset/edmZip';
import { imageFolderWriter } from '../../output/dataset/imageFolder';
import { npzWriter } from '../../output/dataset/npzFile';
import { tarShardsWriter } from '../../output/dataset/tarShards';
import type { Terminal } from '../../terminal';
import { UserError } from '../../userError';
import { wholeNumber } from '../../wholeNumber';
import { formOf, sampleProgress, tolerantLog, withDataset } from './openDataset';
import type { DatasetOptions } from './openDataset';

/** Arguments of `meanflow dataset convert`. */
export interface ConvertOptions extends DatasetOptions {
  readonly out: string;
  readonly format?: string;
  readonly shardSize?: string;
  readonly skipDamaged?: boolean;
}

/** One writer for each format. */
const writers: Readonly<Record<string, (options: WriterOptions) => DatasetWriter>> = {
  webdataset: tarShardsWriter,
  folder: imageFolderWriter,
  zip: edmZipWriter,
  npz: npzWriter,
};

const byExtension: Readonly<Record<string, string>> = { '.zip': 'zip', '.npz': 'npz', '': 'webdataset' };

/** The format that `--format` names, or that the path means. */
function formatOf({ out, format }: ConvertOptions): string {
  const found = format ?? byExtension[extname(out).toLowerCase()];
  if (found !== undefined && Object.hasOwn(writers, found)) return found;
  const names = Object.keys(writers).join(', ');
  throw new UserError(
    format === undefined
      ? `--out must end in .zip or .npz or be a folder, got ${out}. --format names one of ${names}.`
      : `--format must be one of ${names}, got ${format}.`,
  );
}

/**
 * `meanflow dataset convert`: writes a data set in another format. It is there whole or not at all.
 *
 * @returns The exit code.
 * @throws UserError for whatever is wrong with the data or the arguments.
 */
export async function datasetConvert(
  path: string,
  options: ConvertOptions,
  terminal: Terminal,
): Promise<number> {
  const { out, skipDamaged } = options;
  const form = formOf(options);
  const shardSize = wholeNumber('--shard-size', options.shardSize ?? '10000', 1);
  const format = formatOf(options);
  if (existsSync(out)) throw new UserError(`--out must not be there yet, got ${out}.`);
  const log = skipDamaged === true ? tolerantLog() : createDamageLog();
  return withDataset(path, options, log, async (dataset) => {
    const { source, decoder } = dataset;
    const { numClasses, classNames = null } = source;
    const writer = (writers[format] ?? tarShardsWriter)({ path: out, numClasses, classNames, shardSize });
    const progress = sampleProgress(terminal, 'Samples', dataset);
    const isUnchanged = form.size === null && form.channels === null;
    let count = 0;
    try {
      for await (const { content, sample } of everyImage(source, decoder, form)) {
        if (content.kind !== 'pixels')
          throw new UserError(`only images can be converted, and ${source.name} holds values.`);
        const file = isUnchanged && sample.content.kind === 'encoded' ? sample.content.bytes : null;
        await writer.add({ label: sample.label, image: content, file });
        count++;
        progress.seen();
      }
      if (count === 0)
        throw new UserError(`${path} must hold at least one image that is not damaged, got none.`);
      await writer.finish();
    } catch (error) {
      writer.abort();
      throw error;
    } finally {
      progress.stop();
    }
    const left = log.skipped === 0 ? '' : `; ${log.skipped} damaged ones were left out`;
    terminal.out(`${out}: ${count.toLocaleString('en')} images as ${format}${left}`);
    return 0;
  });
}
