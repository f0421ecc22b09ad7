import { runReadmeExample } from '@meanflow/testing';
import { expect, it } from 'vitest';

it('runs the example of the README: the loss falls and the samples lie where the data are', async () => {
  const { rawLosses, mean } = (await runReadmeExample(import.meta.url)) as {
    rawLosses: number[];
    mean: number[];
  };
  expect(rawLosses).toHaveLength(200);
  expect(mean[0]).toBeCloseTo(2, 0);
  expect(mean[1]).toBeCloseTo(-1, 0);
});
