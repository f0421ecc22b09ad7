import { runReadmeExample } from '@meanflow/testing';
import { expect, it } from 'vitest';

it('runs the example of the README', async () => {
  await expect(runReadmeExample(import.meta.url)).resolves.toBeDefined();
});
