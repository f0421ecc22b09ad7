import type { BackendOptions } from '../backends/backend';
import { backendChoice } from '../backends/backendChoice';
import { backendOptions } from '../backends/backendOptions';
import type { BackendFlags } from '../backends/backendOptions';
import { suggestion } from '../config/nearest';
import type { BackendName } from '../config/schema';
import { UserError } from '../userError';
import { wholeNumber } from '../wholeNumber';
import type { ResizeChoice } from './featuresOf';
import { metricNames } from './metricNames';
import type { MetricName } from './metricNames';

/** Arguments of `meanflow eval`, as the command line gives them. */
export interface EvaluateOptions extends BackendFlags {
  readonly checkpoint?: string;
  readonly images?: string;
  readonly reference?: string;
  readonly network?: string;
  readonly weights?: string;
  readonly metrics?: string;
  readonly count?: string;
  readonly size?: string;
  readonly resize?: string;
  readonly nfe?: string;
  readonly repeats?: string;
  readonly seed?: string;
  readonly ema?: boolean;
  readonly raw?: boolean;
  readonly out?: string;
  readonly neighbours?: string;
  readonly saveReference?: string;
  readonly cache?: boolean;
  readonly backend?: string;
}

/** The count of the evaluation protocol. */
export const USUAL_COUNT = 50_000;

const resizeChoices: readonly ResizeChoice[] = ['error', 'box', 'bilinear', 'bicubic', 'lanczos'];
const USUAL: readonly MetricName[] = [
  ...['fid', 'inceptionScore', 'kid', 'precision', 'recall', 'density', 'coverage'],
] as MetricName[];

/** Numbers of evaluations, such as `1,2,4`. */
function parseNfe(text = '1'): number[] {
  return [...new Set(text.split(',').map((part) => wholeNumber('--nfe', part.trim(), 1)))];
}

/** Metrics, such as `fid,kid`; without any, all that fit the network. */
export function parseMetrics(text: string | undefined, network: string): MetricName[] {
  if (text === undefined) return network.startsWith('inception') ? [...metricNames] : [...USUAL];
  return text.split(',').map((part) => {
    const name = part.trim();
    const found = metricNames.find((metric) => metric.toLowerCase() === name.toLowerCase());
    if (found !== undefined) return found;
    throw new UserError(
      `--metrics must be of ${metricNames.join(', ')}, got ${name}${suggestion(name, metricNames) || '.'}`,
    );
  });
}

/** What to do with images of another size than the network's. */
function parseResize(text = 'error'): ResizeChoice {
  const found = resizeChoices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new UserError(`--resize must be one of ${resizeChoices.join(', ')}, got ${text}.`);
}

/** Refuses options that do not go together. */
function checkTogether(options: EvaluateOptions): void {
  const { checkpoint, images, reference, ema, raw } = options;
  if ((checkpoint === undefined) === (images === undefined)) {
    const got = checkpoint === undefined ? 'neither' : 'both';
    throw new UserError(`one of --checkpoint and --images must be given, got ${got}.`);
  }
  if (images !== undefined && reference === undefined)
    throw new UserError('--images needs --reference, the images or statistics to compare them with.');
  if (ema === true && raw === true) throw new UserError('--ema and --raw exclude each other, got both.');
  const alone = (['nfe', 'repeats', 'seed', 'ema', 'raw'] as const).find((key) => options[key] !== undefined);
  if (images !== undefined && alone !== undefined)
    throw new UserError(`--${alone} is about drawing images, so it needs --checkpoint instead of --images.`);
}

/** Options of an evaluation, checked. */
export interface ParsedOptions {
  /** null: as many as there are, or the usual count. */
  readonly count: number | null;
  /** Side to which images are scaled and cropped; null: as they are. */
  readonly size: number | null;
  readonly nfe: readonly number[];
  readonly repeats: number;
  readonly seed: number;
  readonly which: 'ema' | 'model';
  readonly resize: ResizeChoice;
  readonly backend: BackendName | 'auto';
  readonly backendOptions: BackendOptions;
}

/**
 * Everything that the options say.
 *
 * @throws UserError if a value is out of range, or options do not go together.
 */
export function parseOptions(options: EvaluateOptions): ParsedOptions {
  checkTogether(options);
  const { count, size, repeats, seed } = options;
  return {
    count: count === undefined ? null : wholeNumber('--count', count, 2),
    size: size === undefined ? null : wholeNumber('--size', size, 1),
    nfe: parseNfe(options.nfe),
    repeats: wholeNumber('--repeats', repeats ?? '1', 1),
    seed: wholeNumber('--seed', seed ?? '0', 0),
    which: options.raw === true ? 'model' : 'ema',
    resize: parseResize(options.resize),
    backend: backendChoice(options.backend),
    backendOptions: backendOptions(options),
  };
}
