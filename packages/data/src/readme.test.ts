import { runReadmeExample } from '@meanflow/testing';
import { expect, it } from 'vitest';

it('runs the example of the README', async () => {
  expect(await runReadmeExample(import.meta.url)).toBeDefined();
});
