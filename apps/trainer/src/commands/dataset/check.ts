import { everyImage } from '../../data/everyImage';
import { textTable } from '../../output/textTable';
import type { Terminal } from '../../terminal';
import { damageLine, sampleProgress, tolerantLog, withDataset } from './openDataset';
import type { DatasetOptions } from './openDataset';

const SHOWN = 20;

/**
 * `meanflow dataset check`: reads and decodes every sample.
 *
 * @returns The exit code: 1 if something is damaged.
 * @throws UserError if there is no data set that can be opened.
 */
export async function datasetCheck(
  path: string,
  options: DatasetOptions,
  terminal: Terminal,
): Promise<number> {
  const log = tolerantLog();
  const [classes, shapes] = [new Map<number, number>(), new Map<string, number>()];
  const count = (map: Map<string | number, number>, key: string | number) =>
    map.set(key, (map.get(key) ?? 0) + 1);
  return withDataset(path, options, log, async (dataset) => {
    const { source, decoder } = dataset;
    const progress = sampleProgress(terminal, 'Samples', dataset);
    try {
      for await (const { sample, content } of everyImage(source, decoder)) {
        count(classes, sample.label);
        count(shapes, content.kind === 'pixels' ? `${content.height}x${content.width}x${content.channels}` : content.shape.join('x')); // prettier-ignore
        progress.seen();
      }
    } finally {
      progress.stop();
    }
    const good = [...classes.values()].reduce((sum, n) => sum + n, 0);
    terminal.out(`${good.toLocaleString('en')} samples of ${source.name} are good.`);
    if (source.numClasses > 0) {
      const rows = Array.from({ length: source.numClasses }, (_, label) => [source.classNames?.[label] ?? String(label), String(classes.get(label) ?? 0)]); // prettier-ignore
      terminal.out(textTable([['class', 'samples'], ...rows]));
    }
    const common = [...shapes].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
    terminal.out(textTable([['shape', 'samples'], ...common.map(([shape, n]) => [shape, String(n)])]));
    if (shapes.size > common.length) terminal.out(`... and ${shapes.size - common.length} more shapes`);
    if (log.skipped === 0) return 0;
    terminal.err(`${log.skipped} ${log.skipped === 1 ? 'sample is' : 'samples are'} damaged:`);
    for (const damage of log.damages.slice(0, SHOWN)) terminal.err(`  ${damageLine(damage)}`);
    if (log.damages.length > SHOWN) terminal.err(`  ... and ${log.damages.length - SHOWN} more places`);
    return 1;
  });
}
