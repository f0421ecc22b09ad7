import { decodeNpz, encodeNpz } from '@meanflow/data';
import type { NpyArray } from '@meanflow/data';
import { featureRows } from '../metrics/featureRows';
import type { FeatureRows } from '../metrics/featureRows';
import { checkStatistics } from '../metrics/statistics';
import type { Statistics } from '../metrics/statistics';

/**
 * How features came about: what must be equal for values to be comparable. Fields with a name here are compared; others
 * are recorded only.
 */
export interface FeatureChoices {
  /** Name of the network. */
  readonly network?: string;
  /** SHA-256 of its weights. */
  readonly hash?: string;
  readonly [other: string]: unknown;
}

/** What generated images are compared with. */
export interface Reference {
  /** Of the features: for FID. */
  readonly statistics: Statistics | null;
  /** Of the spatial features: for sFID. */
  readonly spatial: Statistics | null;
  /** The features themselves: for KID, precision, recall, density and coverage. */
  readonly features: FeatureRows | null;
  readonly choices: FeatureChoices;
}

/** Options of {@link encodeReference}. */
export interface EncodeReferenceOptions {
  /** Whether to write the features as well: 4 bytes a number, 410 MB for 50,000 rows of 2048. Default false. */
  features?: boolean;
}

/** The member of the file that holds what others have no place for, as JSON. */
const OURS = 'meanflow';

interface OurFields {
  choices?: FeatureChoices;
  count?: number | null;
  spatialCount?: number | null;
}

const columns = (data: Float64Array, ...shape: number[]): NpyArray => ({ dtype: 'float64', shape, data });

function statisticsArrays(
  { mean, covariance }: Statistics,
  [mu, sigma]: readonly [string, string],
): Record<string, NpyArray> {
  const d = mean.length;
  return { [mu]: columns(mean, d), [sigma]: columns(covariance, d, d) };
}

/**
 * A reference as an npz file, that pytorch-fid (`mu`, `sigma`) and the ADM evaluator (`mu_s`, `sigma_s` as well) read;
 * counts and choices are in one more array, `meanflow`, of the bytes of a JSON text.
 *
 * @throws RangeError if the reference has no statistics, or there are no features where they are to be written.
 */
export function encodeReference(
  { statistics, spatial, features, choices }: Reference,
  { features: withFeatures = false }: EncodeReferenceOptions = {},
): Uint8Array {
  if (statistics === null)
    throw new RangeError(
      'encodeReference: a reference file must have statistics, got none. Collect features first.',
    );
  checkStatistics('encodeReference', statistics);
  if (spatial !== null) checkStatistics('encodeReference', spatial);
  if (withFeatures && features === null) {
    throw new RangeError(
      'encodeReference: features must be kept to be written, got none. Collect them with keepFeatures.',
    );
  }
  const ours: OurFields = { choices, count: statistics.count, spatialCount: spatial?.count ?? null };
  const json = new TextEncoder().encode(JSON.stringify(ours));
  return encodeNpz({
    ...statisticsArrays(statistics, ['mu', 'sigma']),
    ...(spatial && statisticsArrays(spatial, ['mu_s', 'sigma_s'])),
    ...(withFeatures &&
      features && {
        features: {
          dtype: 'float32',
          shape: [features.count, features.dimension],
          data: Float32Array.from(features.rows(0, features.count)),
        } as const,
      }),
    [OURS]: { dtype: 'uint8', shape: [json.length], data: json },
  });
}

/** Options of {@link decodeReference}. */
export interface DecodeReferenceOptions {
  /** File name, for errors. Default `the file`. */
  name?: string;
}

function readStatistics(
  arrays: Readonly<Record<string, NpyArray>>,
  [mu, sigma]: readonly [string, string],
  count: number | null,
  name: string,
): Statistics | null {
  const [mean, covariance] = [arrays[mu], arrays[sigma]];
  if (mean === undefined && covariance === undefined) return null;
  const shapes = [mean, covariance].map((array) =>
    array === undefined ? 'nothing' : `[${array.shape.join(', ')}]`,
  );
  const d = mean?.shape[0] ?? 0;
  const isSquare = covariance?.shape.length === 2 && covariance.shape.every((size) => size === d);
  if (mean?.shape.length !== 1 || covariance === undefined || !isSquare) {
    throw new RangeError(
      `decodeReference: ${name} must have ${mu} [D] and ${sigma} [D, D], got ${shapes.join(' and ')}.`,
    );
  }
  const statistics = {
    mean: Float64Array.from(mean.data),
    covariance: Float64Array.from(covariance.data),
    count,
  };
  checkStatistics(`decodeReference: ${name}`, statistics);
  return statistics;
}

function readOurs(array: NpyArray | undefined, name: string): OurFields {
  if (array === undefined) return {};
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(array.data))) as OurFields;
  } catch {
    throw new RangeError(
      `decodeReference: ${OURS} of ${name} must be JSON, and is damaged. Compute the file again.`,
    );
  }
}

/** Names of the arrays of a reference file. */
export const referenceArrays = ['mu', 'sigma', 'mu_s', 'sigma_s', 'features', OURS] as const;

/**
 * A reference from the arrays of its file, for files that are read in part; see {@link decodeReference}.
 *
 * @param arrays Those of {@link referenceArrays} that the file has.
 * @throws RangeError if there are no statistics, or arrays do not fit each other.
 */
export function referenceFromArrays(
  arrays: Readonly<Record<string, NpyArray>>,
  { name = 'the file' }: DecodeReferenceOptions = {},
): Reference {
  const ours = readOurs(arrays[OURS], name);
  const statistics = readStatistics(arrays, ['mu', 'sigma'], ours.count ?? null, name);
  const spatial = readStatistics(arrays, ['mu_s', 'sigma_s'], ours.spatialCount ?? null, name);
  if (statistics === null) {
    const found = Object.keys(arrays).join(', ') || 'nothing';
    throw new RangeError(
      `decodeReference: ${name} must have statistics mu and sigma, got ${found}. Evaluate its images if these are images.`,
    );
  }
  const { features } = arrays;
  const rows = features && features.data instanceof Float32Array ? features.data : null;
  return {
    statistics,
    spatial,
    features: rows && featureRows(rows, features?.shape[1] ?? rows.length),
    choices: ours.choices ?? {},
  };
}

/**
 * Reads a reference: a file of {@link encodeReference}, statistics of pytorch-fid (`mu`, `sigma`), or a batch of the ADM
 * evaluator with statistics (`mu_s`, `sigma_s` too; its images are left alone). Counts that a file does not state are
 * null.
 *
 * @throws Error, one sentence, if the file is damaged or has no statistics.
 */
export function decodeReference(
  bytes: Uint8Array,
  { name = 'the file' }: DecodeReferenceOptions = {},
): Reference {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length); // a Buffer's slices are no copies
  return referenceFromArrays(decodeNpz(plain, { name }), { name });
}
