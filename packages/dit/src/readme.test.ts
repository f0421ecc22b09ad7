import { runReadmeExample } from '@meanflow/testing';
import { expect, it } from 'vitest';

it('runs the example of the README', async () => {
  const { shape } = await runReadmeExample(import.meta.url);
  expect(shape).toEqual([4, 16, 16, 3]);
});
