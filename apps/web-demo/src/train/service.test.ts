import { readerOfBytes } from '@meanflow/data';
import type { ImageDecoder } from '@meanflow/data';
import { canonicalJson, sha256 } from '@meanflow/train';
import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { autosaveOf, noAutosave } from './autosave';
import { encodeImages, filesOfZip, readRunFiles } from './runFiles';
import { openRunStore } from './runStore';
import { createTrainService } from './service';
import type { DroppedFile, TrainService } from './service';
import { eventLog, memoryFiles, quickChoices, someImages, testContext } from './train.testdata';

/** No test of these decodes images. */
const noDecoder: ImageDecoder = {
  decode: () => Promise.reject(new Error('no image is decoded here')),
  close: () => Promise.resolve(),
};

/** A service over files in memory, as after a start of the page. */
async function openService(files = memoryFiles()) {
  const log = eventLog();
  const service = createTrainService(testContext(), {
    openAutosave: () => Promise.resolve(autosaveOf(openRunStore(files))),
    decoder: () => noDecoder,
  });
  const opening = await service.open(log.listener);
  return { service, log, opening, files };
}

/** Everything of a run that decides how it goes on, as a hash. */
async function fingerprint(service: TrainService): Promise<string> {
  const archive = await service.archive();
  const { checkpoint } = await readRunFiles(await filesOfZip(readerOfBytes('a.zip', archive!.bytes)));
  const { weights, ema, m, v, ...counts } = checkpoint.snapshot;
  const bytes = [weights, ema, m, v].flatMap(
    (part) =>
    Object.entries(part).map(([name, { data }]) => [name, sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]), // prettier-ignore
  );
  return sha256(canonicalJson([bytes, { ...counts }]));
}

async function trainToEnd({ service, log }: Awaited<ReturnType<typeof openService>>) {
  service.start();
  return log.until('ended');
}

const dropped = (path: string, bytes: Uint8Array): DroppedFile => ({
  path,
  file: new Blob([bytes as Uint8Array<ArrayBuffer>]),
});
const form = { side: 8, channels: null };

describeBackends('a training in the page', () => {
  it('draws samples, tells its loss, keeps itself, and goes on exactly after a reload', async () => {
    const whole = await openService();
    await whole.service.begin(quickChoices);
    const ended = await trainToEnd(whole);
    expect(ended).toEqual({ kind: 'ended', step: 6, isFinished: true, failure: null });
    const points = whole.log.events.flatMap((event) => (event.kind === 'steps' ? event.points : []));
    expect(points.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(points[0]?.rawLoss).toBeGreaterThan(20); // the weighted one is about 1
    const grid = await whole.log.until('samples');
    expect(grid.grid.shape).toEqual([80, 8, 8, 1]);
    expect(await whole.log.until('saved')).toMatchObject({ step: 6 });

    const before = await openService();
    await before.service.begin(quickChoices);
    before.service.start();
    await before.log.until('steps', ({ step }) => step >= 2);
    await before.service.pause();
    const { step } = await before.log.until('ended');
    expect(step).toBeLessThan(6);

    const after = await openService(before.files); // a new worker, the same storage
    expect(after.opening).toMatchObject({ kept: { step, steps: 6, dataName: 'digits', classCount: 10 }, problems: [] });
    const run = await after.service.resume();
    expect(run).toMatchObject({ step, steps: 6, batchSize: 8, seed: 5, notes: [] });
    expect(run.points.map((point) => point.step)).toEqual([1, 2, 3, 4, 5, 6].slice(0, step));
    expect(run.grids.length).toBeGreaterThan(1);
    await trainToEnd(after);
    expect(await fingerprint(after.service)).toBe(await fingerprint(whole.service));
  });

  it('leaves no tensor behind, whatever is begun and given up', async () => {
    const { service, log } = await openService();
    const before = tf.memory().numTensors;
    await service.begin(quickChoices);
    service.start();
    await log.until('steps', ({ step }) => step >= 1);
    await service.show({ weights: 'model', nfe: 2 });
    await service.begin({ ...quickChoices, objective: 'flow-matching' }); // while the first one runs
    const between = tf.memory().numTensors;
    service.start();
    await log.until('ended');
    await service.begin({ ...quickChoices, objective: 'flow-matching' });
    expect(tf.memory().numTensors).toBe(between);
    expect(between).toBeGreaterThan(before);
  });
}, ['wasm']); // prettier-ignore

describe('the service', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it('pauses within one step, and answers while it trains', async () => {
    const { service, log } = await openService();
    await service.begin({ ...quickChoices, steps: 1000 });
    service.start();
    await log.until('steps');
    const start = performance.now();
    await service.pause();
    const { step, isFinished } = await log.until('ended');
    expect(isFinished).toBe(false);
    expect(performance.now() - start).toBeLessThan(5000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const run = await service.setSteps(step + 2);
    expect(run.step).toBe(step); // nothing went on
    log.events.length = 0;
    service.start();
    expect(await log.until('ended')).toMatchObject({ step: step + 2, isFinished: true });
    await expect(service.setSteps(3)).rejects.toThrow(
      `must be more than the ${step + 2} that are done, got 3.`,
    );
  });

  it('draws the shown samples anew: averaged or raw weights, in more network calls', async () => {
    const opened = await openService();
    const { service, log } = opened;
    await service.begin({ ...quickChoices, lr: 0.5 });
    await trainToEnd(opened);
    const drawn = async (weights: 'ema' | 'model', nfe: number) => {
      log.events.length = 0;
      await service.show({ weights, nfe });
      return (await log.until('samples')).grid.pixels;
    };
    const averaged = await drawn('ema', 1);
    expect(await drawn('ema', 1)).toEqual(averaged); // the same noise
    expect(await drawn('model', 1)).not.toEqual(averaged);
    expect(await drawn('ema', 4)).not.toEqual(averaged);
  });

  it('opens its own archive, and one file of a checkpoint or a bad one with a sentence', async () => {
    const opened = await openService();
    await opened.service.begin(quickChoices);
    await trainToEnd(opened);
    const archive = await opened.service.archive();
    expect(archive?.name).toBe('meanflow-step-6.zip');
    const other = await openService();
    const result = await other.service.drop([dropped('run.zip', archive!.bytes)], form);
    expect(result).toMatchObject({ kind: 'run', run: { step: 6, steps: 6 } });
    expect(await fingerprint(other.service)).toBe(await fingerprint(opened.service));

    const bytes = archive!.bytes.slice();
    await expect(other.service.drop([dropped('run.zip', bytes.subarray(0, 999))], form)).rejects.toThrow(
      /zip/,
    );
    const [first] = await filesOfZip(readerOfBytes('a.zip', archive!.bytes)).then((files) =>
      files.filter(({ path }) => path.endsWith('model.safetensors')),
    );
    await expect(
      other.service.drop([dropped('model.safetensors', await first!.read())], form),
    ).rejects.toThrow(/lacks ema\.safetensors, .* weights alone can be opened under Generate/);
    await expect(other.service.drop([dropped('a.txt', bytes.subarray(0, 9))], form)).rejects.toThrow(
      'There is no image in this',
    );
    expect(await fingerprint(other.service)).toBe(await fingerprint(opened.service)); // nothing was lost
  });

  it('trains on images of its own, whose archive and kept run bring them along', async () => {
    const images = someImages(9, 3, 8, 1);
    const opened = await openService();
    const { service } = opened;
    const data = await service.drop([dropped('x.npz', encodeImages(images))], { side: 8, channels: 1 });
    expect(data).toMatchObject({
      kind: 'data',
      data: { count: 9, side: [8, 8], channels: 1, numClasses: 3 },
    });
    const run = await service.begin({ ...quickChoices, horizontalFlip: true });
    expect(run.data).toMatchObject({ name: 'images', numClasses: 3 });
    await trainToEnd(opened);
    const expected = await fingerprint(service);
    const archive = await service.archive();

    const other = await openService();
    expect(await other.service.drop([dropped('run.zip', archive!.bytes)], form)).toMatchObject({
      kind: 'run',
    });
    expect(await fingerprint(other.service)).toBe(expected);
    const reloaded = await openService(opened.files);
    expect((await reloaded.service.resume()).data.count).toBe(9);
    expect(await fingerprint(reloaded.service)).toBe(expected);
  });

  it('asks for the images of a run that does not bring them, and goes on once they are there', async () => {
    const images = someImages(9, 3, 8, 1);
    const opened = await openService();
    await opened.service.drop([dropped('x.npz', encodeImages(images))], { side: 8, channels: 1 });
    await opened.service.begin(quickChoices);
    await trainToEnd(opened);
    const archive = await opened.service.archive();
    const all = await filesOfZip(readerOfBytes('a.zip', archive!.bytes));
    const checkpoint = await Promise.all(
      all
        .filter(({ path }) => path.startsWith('checkpoints/'))
        .map(async ({ path, read }) => dropped(path, await read())),
    );
    const other = await openService();
    const wanted = await other.service.drop(checkpoint, form);
    expect(wanted).toEqual({
      kind: 'wanted',
      sentence: expect.stringMatching(/^This run was trained on images: drop these 9 images \(8 x 8, grey in 3 classes\)/) as string, // prettier-ignore
    });
    const wrong = encodeImages(someImages(8, 3, 8, 1));
    await expect(other.service.drop([dropped('x.npz', wrong)], form)).rejects.toThrow(
      /These are 8 of 8 x 8 in 3/,
    );
    const result = await other.service.drop([dropped('x.npz', encodeImages(images))], form);
    expect(result).toMatchObject({ kind: 'run', run: { step: 6 } });
    expect(await fingerprint(other.service)).toBe(await fingerprint(opened.service));
  });

  it('trains on where nothing can be kept, and says so', async () => {
    const files = memoryFiles();
    const full = { ...files, write: () => Promise.reject(new DOMException('full', 'QuotaExceededError')) };
    const log = eventLog();
    const service = createTrainService(testContext(), {
      openAutosave: () => Promise.resolve(autosaveOf(openRunStore(full))),
      decoder: () => noDecoder,
    });
    await service.open(log.listener);
    await service.begin(quickChoices);
    service.start();
    expect((await log.until('unsaved')).sentence).toMatch(/storage for this page is full.*or download it\.$/);
    expect(await log.until('ended')).toMatchObject({ isFinished: true, failure: null });
    expect((await service.archive())?.bytes.length).toBeGreaterThan(1000);
  });

  it('tells that another tab keeps its own', async () => {
    const sentence = 'Another tab keeps its training.';
    const service = createTrainService(testContext(), {
      openAutosave: () => Promise.resolve(noAutosave(sentence)),
      decoder: () => noDecoder,
    });
    expect(await service.open(() => undefined)).toEqual({ kept: null, problems: [sentence] });
  });

  it('refuses numbers that make no training, and to resume what is not there', async () => {
    const { service } = await openService();
    await expect(service.begin({ ...quickChoices, lr: 2 })).rejects.toThrow('The learning rate must be');
    await expect(service.resume()).rejects.toThrow(
      'There is no training of an earlier visit on this device.',
    );
    expect(await service.archive()).toBeNull();
  });

  it('ends with a sentence when the backend fails, and keeps what was kept', async () => {
    const files = memoryFiles();
    const log = eventLog();
    const context = testContext();
    let isGone = false;
    const failing = {
      ...context,
      exclusive: <T>(job: () => Promise<T>) =>
        isGone ? Promise.reject(new Error('device: the device is lost.')) : context.exclusive(job),
    };
    const service = createTrainService(failing, {
      openAutosave: () => Promise.resolve(autosaveOf(openRunStore(files))),
      decoder: () => noDecoder,
    });
    await service.open(log.listener);
    await service.begin({ ...quickChoices, steps: 100 });
    service.start();
    await log.until('steps');
    await service.save();
    const { step } = await log.until('saved');
    isGone = true;
    expect((await log.until('ended')).failure).toBe('the device is lost.');
    const after = await openService(files);
    expect(await after.service.resume()).toMatchObject({ step });
  });
});
