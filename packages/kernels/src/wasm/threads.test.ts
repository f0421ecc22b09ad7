import { describeBrowser, runInBrowser } from '@meanflow/testing/browser';
import { describe, expect, it } from 'vitest';
import { divide } from './ranges';
import type { ThreadsResult } from './threadsWorker.testdata';

describe('divide', () => {
  it('gives parts that follow each other, begin at whole units and are large enough', () => {
    for (const total of [0, 1, 5, 16, 31, 100, 1001]) {
      for (const most of [1, 2, 8, 12]) {
        for (const [unit, least] of [[1, 1], [16, 1], [6, 20], [60, 0.5]] as const) {
          const parts = divide(total, most, { unit, least });
          expect(parts.length).toBeGreaterThanOrEqual(1);
          expect(parts.length).toBeLessThanOrEqual(most);
          let end = 0;
          for (const [start, count] of parts) {
            expect(start).toBe(end);
            expect(start % unit).toBe(0);
            if (parts.length > 1) expect(count).toBeGreaterThanOrEqual(unit);
            end += count;
          }
          expect(end).toBe(total);
        }
      }
    }
  }); // prettier-ignore

  it('divides evenly, into as many parts as are worth it', () => {
    expect(divide(10, 3)).toEqual([[0, 3], [3, 3], [6, 4]]); // prettier-ignore
    expect(divide(100, 8, { least: 40 })).toEqual([[0, 50], [50, 50]]); // prettier-ignore
    expect(divide(70, 4, { unit: 32 })).toEqual([[0, 32], [32, 38]]); // prettier-ignore
    expect(divide(100, 8, { least: 60 })).toEqual([[0, 100]]);
  });
});

describeBrowser(
  'threads of the wasm kernels',
  (browser) => {
    const page = new URL('./threads.testdata.ts', import.meta.url);

    it('give the same bits as one, in a worker of a page', async () => {
      for (const threads of [2, 3]) {
        const result = await runInBrowser<ThreadsResult>(browser(), page, threads);
        expect(result).toEqual({ threads: [threads, threads], different: [] });
      }
    }, 120_000);

    it('are one on the main thread, which may not wait, and without shared memory', async () => {
      expect(await runInBrowser<number>(browser(), page)).toBe(1);
      const alone = await runInBrowser<ThreadsResult>(browser(), page, 2, { isolated: false });
      expect(alone).toEqual({ threads: [1, 1], different: [] });
    }, 120_000);
  },
  ['off'],
);
