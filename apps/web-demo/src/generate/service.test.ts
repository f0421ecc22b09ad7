import '@tensorflow/tfjs';
import { createProgram } from '@meanflow/compile';
import { describeBackends, expectClose, expectNoLeakAsync } from '@meanflow/testing';
import { toVariables, toWeights } from '@meanflow/train';
import { drawSamples, samplerOf } from '@meanflow/train/run';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { readModel } from '../load/readModel';
import { tinyFile } from '../load/readModel.testdata';
import { createQueue } from '../worker/queue';
import { createGenerateService } from './service';
import type { GenerateService } from './service';

const backend = { name: 'cpu', device: 'test', threads: 1, isSoftware: false, notes: [] } as const;
const labels = Int32Array.of(0, 3, 9);

async function withModel(use: (service: GenerateService, id: number) => Promise<void>): Promise<void> {
  const service = createGenerateService({ backend, exclusive: createQueue() });
  const { id } = await service.open({ file: new File([tinyFile() as BlobPart], 'tiny.safetensors') });
  try {
    await use(service, id);
  } finally {
    service.close(id);
  }
}

describeBackends('the service', () => {
  it.each([1, 4])('draws what meanflow sample draws, at %i NFE', async (nfe) => {
    const { model, objective, weights, dataset } = readModel(tinyFile(), 'tiny');
    const variables = tf.tidy(() => toVariables(toWeights(weights)));
    const sampler = samplerOf(createProgram(), objective, () => model.network(variables));
    const expected = await drawSamples(sampler, dataset.sampleShape, { labels, count: 3, seed: 7, nfe });
    tf.dispose(variables);
    await withModel(async (service, id) => {
      const { data, warmUp, milliseconds } = await service.draw(id, { labels, seed: 7, nfe });
      expect(data).toEqual(expected);
      expect(warmUp).not.toBeNull();
      expect(milliseconds).toBeGreaterThan(0);
      expect((await service.draw(id, { labels, seed: 7, nfe })).warmUp).toBeNull();
    });
  });
  it('begins at a corner with the noise of that sample, and draws every class from one noise', async () => {
    await withModel(async (service, id) => {
      const { data: corner } = await service.blend(id, {
        ...{ labels: Int32Array.of(3, 4), seed: 7 },
        points: [
          [1, 0],
          [0.5, 0.5],
        ],
      });
      const { data: grid } = await service.draw(id, { labels: Int32Array.of(3, 3), seed: 7, nfe: 1 });
      expect(corner).toHaveLength(4 * 64);
      expectClose(corner.slice(0, 64), grid.slice(64), 1e-4);
      expect(corner.slice(64, 128)).not.toEqual(corner.slice(0, 64));
    });
  });
  it('leaves nothing behind', async () => {
    await expectNoLeakAsync(() =>
      withModel(async (service, id) => {
        await service.draw(id, { labels, seed: 1, nfe: 2 });
      }),
    );
  });
  it('says what does not fit', async () => {
    const service = createGenerateService({ backend, exclusive: createQueue() });
    await expect(service.open({ file: new File(['no'], 'a.txt') })).rejects.toThrow('a.txt does not fit:');
  });
});
