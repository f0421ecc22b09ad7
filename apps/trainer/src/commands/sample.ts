import { hasHalfPrecision } from '@meanflow/kernels';
import { drawSamples, spreadLabels } from '@meanflow/train/run';
import type { DatasetInfo } from '@meanflow/train/run';
import { assertHealthy } from '../backends/backend';
import { backendChoice } from '../backends/backendChoice';
import { backendOptions } from '../backends/backendOptions';
import type { BackendFlags } from '../backends/backendOptions';
import { startBackend } from '../backends/startBackend';
import type { RunConfig } from '../config/schema';
import { loadData } from '../data/loadData';
import { targetKind } from '../output/target';
import { writeSamples } from '../output/writeSamples';
import { parseClasses } from '../run/classes';
import { scatterPicture } from '../run/pictures';
import { openSampler, readTrainedModel } from '../run/trainedModel';
import type { Terminal } from '../terminal';
import { UserError } from '../userError';
import { wholeNumber } from '../wholeNumber';

/** Arguments of `meanflow sample`, as the command line gives them. */
export interface SampleOptions extends BackendFlags {
  readonly checkpoint: string;
  readonly out: string;
  readonly classes?: string;
  readonly count?: string;
  readonly nfe?: string;
  readonly seed?: string;
  readonly ema?: boolean;
  readonly raw?: boolean;
  readonly half?: boolean;
  readonly backend?: string;
}

const EACH = 8; // samples of a class
const WITHOUT_CLASSES = 64;
const MANY_CLASSES = 16; // beyond, a sample of each would be too many
const POINTS = 2000;

/** Number of samples, and their classes. */
function labelsFor(options: SampleOptions, { numClasses, sampleShape }: DatasetInfo) {
  const all = Array.from({ length: numClasses }, (_, i) => i);
  const classes = options.classes === undefined ? all : parseClasses(options.classes, numClasses);
  const few = classes.length > 0 && classes.length <= MANY_CLASSES ? EACH * classes.length : WITHOUT_CLASSES;
  const usual = sampleShape.length === 1 ? POINTS : few;
  const count = options.count === undefined ? usual : wholeNumber('--count', options.count, 1);
  return { count, labels: classes.length === 0 ? null : spreadLabels(classes, count) };
}

/** Points over those of the data set, which a toy can draw at once. */
async function scatterOver(config: RunConfig, samples: Float32Array) {
  const data = await loadData(config.data);
  try {
    const shown = Math.min(samples.length / 2, data.info.count);
    const { x } = await (await data.stored()).batchAt(0, shown);
    return scatterPicture(x, samples);
  } finally {
    await data.close();
  }
}

/**
 * `meanflow sample`.
 *
 * @returns The exit code.
 * @throws UserError for whatever is wrong with arguments, files or the machine.
 */
export async function sample(options: SampleOptions, terminal: Terminal): Promise<number> {
  if (options.ema === true && options.raw === true)
    throw new UserError('--ema and --raw exclude each other, got both.');
  const which = options.raw === true ? 'model' : 'ema';
  const nfe = wholeNumber('--nfe', options.nfe ?? '1', 1);
  const seed = wholeNumber('--seed', options.seed ?? '0', 0);
  const flags = backendOptions(options);
  const choice = backendChoice(options.backend);
  const kind = targetKind(options.out);

  const trained = await readTrainedModel(options.checkpoint, which);
  for (const warning of trained.warnings) terminal.err(warning);
  const { config, dataset } = trained;
  const { count, labels } = labelsFor(options, dataset);
  const { sampleShape } = dataset;
  if (kind === 'folder' && sampleShape.length === 1) {
    throw new UserError(`--out must be a .png or .npz file for points, got ${options.out}.`);
  }

  const backend = await startBackend(choice, { ...flags, isSharded: config.compile.mode !== 'off' });
  try {
    const start = performance.now();
    const half = options.half === true;
    if (half && !hasHalfPrecision()) {
      throw new UserError(
        `--half takes a GPU with arithmetic of 16 bits over WebGPU, got ${backend.name} (${backend.device}). Leave --half out, or take such a GPU with --backend webgpu.`,
      );
    }
    const own = openSampler(trained, backend, half);
    const data = await drawSamples(own.sampler, sampleShape, { labels, count, seed, nfe });
    const seconds = (performance.now() - start) / 1000;
    assertHealthy(backend);
    own.dispose();
    const scatter = sampleShape.length === 1 ? await scatterOver(config, data) : null;
    writeSamples(options.out, kind, { shape: [count, ...sampleShape], data, labels }, scatter);
    const precision = half ? ', multiplied in float16' : '';
    const weightsName = which === 'ema' ? 'averaged weights' : 'raw weights';
    const speed = `${seconds.toFixed(2)} s on ${backend.name} (${backend.device})`;
    terminal.out(
      `${count} samples at ${nfe} NFE with the ${weightsName} of step ${trained.step}, in ${speed}${precision}: ${options.out}`,
    );
    return 0;
  } finally {
    backend.dispose();
  }
}
