import { encodeNpz } from '@meanflow/data';
import { expectClose } from '@meanflow/testing';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { frechetDistance } from '../metrics/frechetDistance';
import { inceptionScore } from '../metrics/inceptionScore';
import { kernelDistance } from '../metrics/kernelDistance';
import { neighbourMetrics } from '../neighbours/neighbourMetrics';
import { hashed } from '../testing/hash';
import { createCollector } from './collector';
import type { CollectorOptions, FeatureFunction } from './collector';
import { createEvaluator } from './createEvaluator';
import type { EvaluationResult } from './createEvaluator';
import { decodeReference, encodeReference } from './reference';

const SIDE = 3;
const shapeOf = (count: number) => [count, SIDE, SIDE, 1] as const;
const [D, CLASSES, PLACES] = [4, 5, 2];

/** Images of a stream that a name stands for; `bright` moves them. */
function images(name: string, count: number, bright = 0): Uint8Array {
  const u = hashed(name);
  return Uint8Array.from({ length: count * SIDE * SIDE }, (_, i) => 200 * u(i) + bright);
}

/** An extractor of one's own: sums of pixels. Later calls answer earlier. */
let calls = 0;
const extract: FeatureFunction = async (pixels, [count]) => {
  const wait = 20 - 5 * (calls++ % 4);
  await new Promise((resolve) => setTimeout(resolve, wait));
  const size = pixels.length / count;
  const of = (width: number, f: (values: Uint8Array, j: number) => number) =>
    Float32Array.from({ length: count * width }, (_, i) => {
      const image = pixels.subarray(Math.floor(i / width) * size, (Math.floor(i / width) + 1) * size);
      return f(image, i % width);
    });
  return {
    features: of(D, (image, j) => (image[j]! + image[j + 1]! * image[8]!) / 255),
    logits: of(CLASSES, (image, j) => image[j]! / 50),
    spatial: of(PLACES, (image, j) => image[4 * j]! / 7),
  };
};

async function collect(pixels: Uint8Array, options: CollectorOptions = {}, batch = 7) {
  const collector = createCollector({ extract, keepFeatures: true, keepLogits: true, ...options });
  const size = SIDE * SIDE;
  const adding: Promise<void>[] = [];
  for (let start = 0; start < pixels.length / size; start += batch) {
    const part = pixels.subarray(start * size, (start + batch) * size);
    adding.push(collector.add(part, shapeOf(part.length / size)));
  }
  await Promise.all(adding);
  return collector;
}

describe('createCollector', () => {
  it('keeps the order of the images, whatever the batches', async () => {
    const [a, b] = [await collect(images('a', 40)), await collect(images('a', 40), {}, 40)];
    expect(a.count).toBe(40);
    expect(a.reference().features!.rows(0, 40)).toEqual(b.reference().features!.rows(0, 40));
    expect(a.logits()!.rows(0, 40)).toEqual(b.logits()!.rows(0, 40));
    expect(a.reference().statistics).toEqual(b.reference().statistics);
    expect(a.reference().spatial).toEqual(b.reference().spatial);
  });
  it('keeps nothing that it is not asked for', async () => {
    const collector = await collect(images('a', 10), {
      keepFeatures: false,
      keepLogits: false,
      spatial: false,
    });
    expect(collector.reference()).toMatchObject({ features: null, spatial: null, statistics: { count: 10 } });
    expect(collector.logits()).toBe(null);
  });
  it('refuses images that do not fit their shape', async () => {
    const collector = createCollector({ extract });
    await expect(collector.add(new Uint8Array(8), [1, 3, 3, 1])).rejects.toThrow('collector.add: images [1, 3, 3, 1] must have 9 pixels, at least 1, got 8.'); // prettier-ignore
    await expect(collector.add(new Uint8Array(0), [0, 3, 3, 1])).rejects.toThrow('at least 1');
    await expect(createCollector().add(new Uint8Array(9), [1, 3, 3, 1])).rejects.toThrow('collector.add: images must have an extractor, got none.'); // prettier-ignore
    await collector.add(new Uint8Array(9), [1, 3, 3, 1]);
    expect(collector.count).toBe(1);
  });
  it('is of no use once features are missing', async () => {
    let call = 0;
    const collector = createCollector({
      extract: (pixels, shape) =>
        call++ === 1 ? Promise.reject(new Error('the device is gone.')) : extract(pixels, shape),
    });
    const adding = [0, 1, 2].map(() => collector.add(images('a', 2), shapeOf(2)));
    await adding[0];
    await expect(adding[1]).rejects.toThrow('the device is gone.');
    await expect(adding[2]).rejects.toThrow('the device is gone.');
    expect(collector.count).toBe(2);
    expect(() => collector.reference()).toThrow('the device is gone.');
  });
  it('refuses features of another size or that are not finite', () => {
    const collector = createCollector();
    expect(() => { collector.addFeatures({ features: new Float32Array(5) }, 2); }).toThrow('collector.addFeatures: features of 2 images must be as many rows, got 5 numbers.'); // prettier-ignore
    const other = createCollector({ keepLogits: true });
    expect(() => { other.addFeatures({ features: new Float32Array(4) }, 2); }).toThrow('collector.addFeatures: logits of 2 images must be as many rows, got no numbers.'); // prettier-ignore
    const nan = createCollector();
    expect(() => { nan.addFeatures({ features: Float32Array.of(1, NaN) }, 2); }).toThrow('features must be finite, got NaN in row 1'); // prettier-ignore
  });
});

describe('createEvaluator', () => {
  const all = {
    fid: true,
    sfid: true,
    inceptionScore: { splits: 4, seed: 3 },
    kid: { subsets: 6, subsetSize: 20 },
    precisionRecall: true,
    densityCoverage: { k: 2 },
  } as const;

  it('gives the values of the single metrics, with their choices, as JSON', async () => {
    const [real, fake] = [await collect(images('real', 60)), await collect(images('fake', 50, 20))];
    const reference = { ...real.reference(), choices: { network: 'sums', hash: '1', data: 'training' } };
    const choices = { network: 'sums', hash: '1', nfe: 1 };
    const evaluator = createEvaluator({ extract, reference, metrics: all, choices });
    await evaluator.add(images('fake', 50, 20), shapeOf(50));
    expect(evaluator.count).toBe(50);
    const shares: number[] = [];
    const result = await evaluator.result({ onProgress: (share) => shares.push(share) });
    const ours = fake.reference();
    const [x, y] = [reference.features!, ours.features!];
    const counts = { count: 50, referenceCount: 60 };
    const near = await neighbourMetrics(x, y, { densityCoverage: { k: 2 } });
    expect(result).toEqual({
      count: 50,
      choices,
      fid: { ...frechetDistance(ours.statistics!, reference.statistics!), dimension: 4, ...counts },
      sfid: { ...frechetDistance(ours.spatial!, reference.spatial!), dimension: 2, ...counts },
      inceptionScore: inceptionScore(fake.logits()!, all.inceptionScore),
      kid: { ...kernelDistance(x, y, all.kid), ...counts },
      precisionRecall: { ...near.precisionRecall, ...counts },
      densityCoverage: { ...near.densityCoverage, ...counts },
      notes: [],
    });
    expect(result.densityCoverage).toMatchObject({ k: 2, boundary: '<' });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(shares.at(-1)).toBe(1);
    expectTypeOf(result).toEqualTypeOf<EvaluationResult>();
  });
  it('goes on after a result', async () => {
    const reference = (await collect(images('real', 60))).reference();
    const evaluator = createEvaluator({ extract, reference });
    await evaluator.add(images('real', 30), shapeOf(30));
    await evaluator.result();
    await evaluator.add(images('real', 60).subarray(30 * 9), shapeOf(30));
    expect((await evaluator.result()).fid!.distance).toBeCloseTo(0, 8);
  });
  it('needs no reference for the Inception Score', async () => {
    const evaluator = createEvaluator({
      extract,
      reference: null,
      metrics: { inceptionScore: { splits: 2 } },
    });
    await evaluator.add(images('fake', 30), shapeOf(30));
    expect(await evaluator.result()).toMatchObject({ count: 30, inceptionScore: { splits: 2, count: 30 } });
  });
  it('notes covariances that lack rank, and counts that are unknown', async () => {
    const reference = (await collect(images('real', 4))).reference();
    const unknown = { ...reference, spatial: { ...reference.spatial!, count: null } };
    const evaluator = createEvaluator({ extract, reference: unknown, metrics: { fid: true, sfid: true } });
    await evaluator.add(images('fake', 3), shapeOf(3));
    const { notes, fid } = await evaluator.result();
    expect(fid!.rank).toBe(2);
    expect(notes).toEqual([
      'fid: the covariance of 3 generated images has a rank of at most 2 for 4 features, so the value is too high and compares only with values of as many images.',
      'fid: the covariance of 4 reference images has a rank of at most 3 for 4 features, so the value is too high and compares only with values of as many images.',
      'sfid: the file of the reference does not say how many images it is of.',
    ]);
  });
  it('refuses a reference of another network, or without what a metric needs', async () => {
    const reference = {
      ...(await collect(images('real', 4))).reference(),
      choices: { network: 'sums', hash: '1' },
    };
    expect(() => createEvaluator({ reference, choices: { network: 'sums', hash: '2' } })).toThrow('createEvaluator: the reference must have the hash of the images, 2, got 1. Compute the reference again with this network.'); // prettier-ignore
    expect(() => createEvaluator({ reference: null })).toThrow('createEvaluator: the reference must have statistics for the metrics that were chosen, got none.'); // prettier-ignore
    expect(() => createEvaluator({ reference: { ...reference, features: null }, metrics: { kid: true } })).toThrow('createEvaluator: the reference must have features for the metrics that were chosen, got none. Statistics alone give FID: keep the features of the reference.'); // prettier-ignore
    expect(() => createEvaluator({ reference: { ...reference, spatial: null }, metrics: { sfid: true } })).toThrow('must have spatial statistics'); // prettier-ignore
    await expect(createEvaluator({ reference }).result()).rejects.toThrow('evaluator.result: at least 2 images are needed, got 0. Add images first.'); // prettier-ignore
  });
});

describe('reference files', () => {
  it('come back as they were', async () => {
    const reference = (
      await collect(images('real', 30), { choices: { network: 'sums', hash: 'ä' } })
    ).reference();
    const { features, ...rest } = decodeReference(encodeReference(reference));
    expect({ ...rest, features }).toEqual({ ...reference, features: null });
    const withFeatures = decodeReference(encodeReference(reference, { features: true }));
    expect(withFeatures.features!.rows(0, 30)).toEqual(reference.features!.rows(0, 30));
    expect(withFeatures.features).toMatchObject({ count: 30, dimension: D });
  });
  it('are read from a Buffer, as files are', async () => {
    const reference = (await collect(images('real', 30))).reference();
    const buffer = Buffer.concat([Buffer.alloc(3), encodeReference(reference)]).subarray(3);
    expect(decodeReference(buffer).statistics).toEqual(reference.statistics);
  });
  it('may come from pytorch-fid or the ADM evaluator', () => {
    const mu = { dtype: 'float64', shape: [2], data: Float64Array.of(1, 2) } as const;
    const sigma = { dtype: 'float64', shape: [2, 2], data: Float64Array.of(2, 1, 1, 3) } as const;
    const statistics = { mean: mu.data, covariance: sigma.data, count: null };
    expect(decodeReference(encodeNpz({ mu, sigma }))).toEqual({
      statistics,
      spatial: null,
      features: null,
      choices: {},
    });
    const half = { dtype: 'float32', shape: [1], data: Float32Array.of(0.1) } as const;
    const images = { dtype: 'uint8', shape: [1, 1, 1, 1], data: Uint8Array.of(7) } as const;
    const adm = { arr_0: images, mu, sigma, mu_s: half, sigma_s: { ...half, shape: [1, 1] } };
    const { spatial } = decodeReference(encodeNpz(adm));
    expectClose(spatial!.mean, [0.1], 1e-7);
  });
  it('have the names and types that others read', async () => {
    const bytes = encodeReference((await collect(images('real', 30))).reference());
    const text = new TextDecoder('latin1').decode(bytes);
    for (const name of ['mu', 'sigma', 'mu_s', 'sigma_s', 'meanflow']) expect(text).toContain(`${name}.npy`);
    expect(text.match(/'descr': '<f8'/g)).toHaveLength(4);
  });
  it('are refused in one sentence where something is wrong', () => {
    const mu = { dtype: 'float64', shape: [2], data: Float64Array.of(1, 2) } as const;
    const sigma = { dtype: 'float64', shape: [4], data: Float64Array.of(2, 1, 1, 3) } as const;
    const decode = (arrays: Parameters<typeof encodeNpz>[0]) =>
      decodeReference(encodeNpz(arrays), { name: 'x.npz' });
    expect(() => decode({ mu, sigma })).toThrow('decodeReference: x.npz must have mu [D] and sigma [D, D], got [2] and [4].'); // prettier-ignore
    expect(() => decode({ mu })).toThrow('decodeReference: x.npz must have mu [D] and sigma [D, D], got [2] and nothing.'); // prettier-ignore
    expect(() => decode({ arr_0: mu })).toThrow('decodeReference: x.npz must have statistics mu and sigma, got arr_0. Evaluate its images if these are images.'); // prettier-ignore
    const nan = { ...sigma, shape: [2, 2], data: Float64Array.of(1, NaN, 0, 1) };
    expect(() => decode({ mu, sigma: nan })).toThrow('decodeReference: x.npz: statistics must be finite');
    const meanflow = { dtype: 'uint8', shape: [1], data: Uint8Array.of(123) } as const;
    expect(() => decode({ mu, sigma: { ...sigma, shape: [2, 2] }, meanflow })).toThrow('decodeReference: meanflow of x.npz must be JSON, and is damaged. Compute the file again.'); // prettier-ignore
    expect(() => encodeReference({ statistics: null, spatial: null, features: null, choices: {} })).toThrow('encodeReference: a reference file must have statistics, got none.'); // prettier-ignore
    const statistics = { mean: Float64Array.of(0), covariance: Float64Array.of(1), count: 3 };
    expect(() => encodeReference({ statistics, spatial: null, features: null, choices: {} }, { features: true })).toThrow('encodeReference: features must be kept to be written, got none.'); // prettier-ignore
  });
});
