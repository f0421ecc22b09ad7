import { describeBrowser, runInBrowser } from '@meanflow/testing/browser';
import { expect, it } from 'vitest';
import type { PageArguments, PageResult } from './chromium.testdata';

// A few cases on the driver that Chromium has where there is no GPU; all of them run over Dawn in `webgpu.test.ts`.

const names = [
  'layerNormModulate of 2 x 3 x 6',
  'layerNormModulate of 2 x 5 x 132',
  'gatedResidual of 2 x 3 x 6',
  'gelu of 3 x 5',
  'sumOfSquares of [], [3, 5], [8]',
  'linear with bias, 17 x 64 x 33',
  'geluLinear, 3 x 5 x 7',
  'selfAttention of 1 x 17, 3 heads of 8',
];

describeBrowser(
  'kernels',
  (browser) => {
    it.each([
      { features: ['subgroups'], plan: 'lanes', tiles: true },
      { features: [], plan: 'direct', tiles: false },
    ])(
      'equal their definitions on a device with the features $features',
      async ({ features, plan, tiles }) => {
        const page = new URL('./chromium.testdata.ts', import.meta.url);
        const args: PageArguments = { features, names, tiles };
        const result = await runInBrowser<PageResult>(browser(), page, args);
        expect(result.plan).toBe(plan);
        for (const [name, difference] of Object.entries(result.differences)) {
          expect(difference, name).toBeLessThan(1e-5);
        }
      },
      600_000, // a software driver on a busy machine
    );
  },
  ['software'],
);
