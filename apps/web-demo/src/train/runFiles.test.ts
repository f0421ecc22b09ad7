import { readerOfBytes } from '@meanflow/data';
import type { ImageDataset } from '@meanflow/data';
import { encodeCheckpoint } from '@meanflow/train';
import type { Checkpoint } from '@meanflow/train';
import { describe, expect, it } from 'vitest';
import { encodeRun, filesOfZip, looksLikeRun, readRunFiles, runFolder } from './runFiles';
import type { GivenFile } from './runFiles';
import { runAt, someImages, withoutNames } from './train.testdata';

const filesOf = (files: Record<string, Uint8Array>, under = ''): GivenFile[] =>
  Object.entries(files).map(([path, bytes]) => ({ path: under + path, read: () => Promise.resolve(bytes) }));

const checkpointFilesOf = (checkpoint: Checkpoint) => Object.fromEntries(encodeCheckpoint(checkpoint));

describe('a run as one file', () => {
  it('comes back as it was, with its images, curves, samples and class names', async () => {
    const images = someImages(5, 3);
    const run = runAt(7);
    const bytes = encodeRun(run, images);
    const files = await filesOfZip(readerOfBytes('run.zip', bytes));
    expect(looksLikeRun(files)).toBe(true);
    const pixels = withoutNames(images);
    expect(await readRunFiles(files)).toEqual({ ...run, images: pixels, warnings: [] });
    expect(encodeRun(run, images)).toEqual(bytes); // no clock time in it
  });

  it('has the files that the trainer looks for', () => {
    expect(Object.keys(runFolder(runAt(7), null))).toEqual([
      ...['README.txt', 'config.yaml', 'metrics.jsonl', 'page/samples.npz', 'page/classes.json'],
      'checkpoints/step-00000007/model.safetensors',
      'checkpoints/step-00000007/ema.safetensors',
      'checkpoints/step-00000007/optimizer.safetensors',
      'checkpoints/step-00000007/state.json',
    ]);
  });
});

describe('readRunFiles', () => {
  it('takes the four files of a checkpoint alone, and below any folders', async () => {
    const { checkpoint } = runAt(3);
    for (const under of ['', 'a/b/step-00000003/', 'x/run/checkpoints/step-00000003/']) {
      const found = await readRunFiles(filesOf(checkpointFilesOf(checkpoint), under));
      expect(found).toEqual({
        ...{ checkpoint, points: [], grids: [], classNames: [], images: null, warnings: [] },
      });
    }
  });

  it('takes the newest checkpoint that is whole, and says why not a newer one', async () => {
    const [old, new_] = [runAt(3).checkpoint, runAt(4).checkpoint];
    const damaged = checkpointFilesOf(new_);
    damaged['model.safetensors'] = damaged['model.safetensors']!.slice(0, -1);
    const files = [
      ...filesOf(damaged, 'run/checkpoints/step-00000004/'),
      ...filesOf(checkpointFilesOf(old), 'run/checkpoints/step-00000003/'),
      ...filesOf(checkpointFilesOf(runAt(9).checkpoint), 'run/checkpoints/set-aside-step-00000009/'),
    ];
    const found = await readRunFiles(files);
    expect(found.checkpoint).toEqual(old);
    expect(found.warnings).toEqual([
      'step-00000004 has a damaged model.safetensors (its hash differs); the one before it is used.',
    ]);
  });

  it.each([
    [
      ['model.safetensors'],
      /^the checkpoint lacks ema\.safetensors, optimizer\.safetensors, state\.json\. .*under Generate\.$/,
    ],
    [[], /^There is no checkpoint in this: /],
  ])('refuses %j', async (names, message) => {
    const all = checkpointFilesOf(runAt(3).checkpoint);
    const some = Object.fromEntries(names.map((name) => [name, all[name as keyof typeof all]!]));
    await expect(readRunFiles(filesOf(some))).rejects.toThrow(message);
  });
});

describe('images of a run', () => {
  it('without classes have no labels', async () => {
    const images: ImageDataset = { ...someImages(4, 0), labels: new Int32Array(4) };
    const bytes = encodeRun(runAt(1), images);
    const found = await readRunFiles(await filesOfZip(readerOfBytes('run.zip', bytes)));
    expect(found.images).toEqual(images);
  });
});
