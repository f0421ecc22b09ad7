import { describeBrowser, runInBrowser } from '@meanflow/testing/browser';
import { expect, it } from 'vitest';
import type { Found } from './testing/compiled.page';

describeBrowser(
  'a compiled training in Chromium',
  (browser) => {
    it('goes exactly like the eager one, and fails cleanly once the device is gone', async () => {
      const entry = new URL('./testing/compiled.page.ts', import.meta.url);
      const allow = [/device/i, /mapAsync/];
      const found = await runInBrowser<Found>(browser(), entry, null, { allow });
      expect(found.losses).toEqual(found.eagerLosses);
      expect(found.sameWeights).toBe(true);
      expect(found.dispatches).toHaveLength(3);
      expect(found.lost).not.toMatch(/^read/);
    });
  },
  ['software'],
);
