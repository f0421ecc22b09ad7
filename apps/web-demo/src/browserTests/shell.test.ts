import { describeBrowser, serveFolder } from '@meanflow/testing/browser';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { dist } from '../../tools/build.mjs';
import { PREFIX, servePage, SLOW, waitForPicture, withPage } from './page.testdata';

const server = servePage();

/** What computes, as the page says it. */
const statusOf = (page: Page) => page.textContent('.status-text');

describeBrowser(
  'The page',
  (browser) => {
    it(
      'goes on after its device is lost, first with the same backend, then with another',
      async () => {
        await withPage(
          browser(),
          `${server().url}?backend=webgpu&model=digits&seed=5`,
          async (page) => {
            await waitForPicture(page);
            expect(await statusOf(page)).toContain('WebGPU');
            const lose = async () => {
              const [worker] = page.workers();
              await worker?.evaluate(() => {
                const { _tfengine: engine } = self as unknown as {
                  _tfengine: { backend: { device: GPUDevice } };
                };
                engine.backend.device.destroy();
              });
              await page.waitForSelector('.message[data-kind=error]:not([hidden])');
              await waitForPicture(page);
            };
            await lose();
            expect(await page.textContent('.message [role=alert]')).toMatch(
              /^The graphics device is lost: .* Started again with WebGPU/,
            );
            expect(await statusOf(page)).toContain('WebGPU');
            await page.click('.message [aria-label="Close the message"]');
            await lose();
            expect(await statusOf(page)).toContain('WebAssembly');
            await page.click('text=Draw');
            await waitForPicture(page);
          },
          { allow: [/./] }, // what a lost device leaves on the console is the browser's business
        );
      },
      SLOW,
    );
    it(
      'takes WebAssembly by itself where the GPU is emulated, and says why',
      async () => {
        await withPage(browser(), server().url, async (page) => {
          await waitForPicture(page);
          expect(await statusOf(page)).toContain('WebAssembly');
          await page.click('.status-button');
          expect(await page.textContent('.status-notes')).toContain(
            'WebGPU is emulated on the processor here',
          );
        });
      },
      SLOW,
    );
  },
  ['software'],
);

describeBrowser(
  'The page',
  (browser) => {
    it(
      'says why a backend does not work',
      async () => {
        await withPage(browser(), `${server().url}?backend=webgpu`, async (page) => {
          await page.waitForSelector('.message[data-kind=error]:not([hidden])');
          expect(await page.textContent('.message [role=alert]')).toMatch(
            /^\?backend=webgpu does not work here: .*\. Leave it out to take what works\.$/,
          );
          expect(await statusOf(page)).toBe('Cannot compute');
        });
      },
      SLOW,
    );
    it(
      'computes in JavaScript when asked to',
      async () => {
        await withPage(browser(), `${server().url}?backend=cpu&model=digits`, async (page) => {
          await waitForPicture(page);
          expect(await statusOf(page)).toContain('JavaScript');
        });
      },
      SLOW,
    );
    it(
      'says that isolation is missing, and computes with one thread',
      async () => {
        const bare = await serveFolder(dist, { prefix: PREFIX });
        try {
          await withPage(browser(), bare.url, async (page) => {
            await waitForPicture(page);
            expect(await statusOf(page)).toBe('WebAssembly, 1 thread');
            await page.click('.status-button');
            expect(await page.textContent('.status-notes')).toContain('not isolated from other origins');
          });
        } finally {
          await bare.close();
        }
      },
      SLOW,
    );
    it(
      'is isolated by its service worker, and works without a network from then on',
      async () => {
        const bare = await serveFolder(dist, { prefix: PREFIX });
        try {
          await withPage(
            browser(),
            `${bare.url}?seed=9`,
            async (page) => {
              await page.waitForFunction(() => crossOriginIsolated); // after the reload of the first visit
              await waitForPicture(page);
              expect(await statusOf(page)).toMatch(/^WebAssembly, [2-8] threads$/);
              await page.click('.status-button');
              await page.waitForFunction(() =>
                document
                  .querySelector('.status-facts')
                  ?.textContent.includes('yes, what you have used is kept'),
              );
              await bare.offline();
              await page.reload();
              await waitForPicture(page);
              expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
              expect(await page.inputValue('.seed')).toBe('9');
              await page.click('text=Draw');
              await waitForPicture(page);
            },
            {
              context: { serviceWorkers: 'allow' },
              allow: [/ERR_(CONNECTION_REFUSED|FAILED|INTERNET_DISCONNECTED)/],
            },
          );
        } finally {
          await bare.close();
        }
      },
      SLOW,
    );
    it(
      'is operated by keyboard',
      async () => {
        await withPage(browser(), server().url, async (page) => {
          await waitForPicture(page);
          const active = () => page.evaluate(() => document.activeElement?.id ?? '');
          await page.keyboard.press('Tab');
          expect(await active()).toBe('tab-generate');
          await page.keyboard.press('ArrowRight');
          expect(await active()).toBe('tab-understand');
          expect(await page.isVisible('#panel-understand')).toBe(true);
          expect(await page.isVisible('#panel-generate')).toBe(false);
          expect(new URL(page.url()).searchParams.get('tab')).toBe('understand');
          await page.keyboard.press('End');
          expect(await active()).toBe('tab-train');
          await page.keyboard.press('Home');
          expect(await active()).toBe('tab-generate');
          await page.keyboard.press('Tab'); // what computes
          await page.keyboard.press('Enter');
          expect(await page.isVisible('.status-details')).toBe(true);
          await page.keyboard.press('Escape');
          expect(await page.isVisible('.status-details')).toBe(false);
        });
      },
      SLOW,
    );
    it(
      'fits a phone of 360 pixels, in light and dark',
      async () => {
        for (const colorScheme of ['light', 'dark'] as const) {
          const context = { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, colorScheme };
          await withPage(
            browser(),
            server().url,
            async (page) => {
              await waitForPicture(page);
              for (const tab of ['generate', 'understand', 'train']) {
                await page.click(`#tab-${tab}`);
                const overflow = await page.evaluate(
                  () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
                );
                expect(overflow, tab).toBeLessThanOrEqual(0);
              }
              const [red = 0] =
                (await page.evaluate(() => getComputedStyle(document.body).backgroundColor))
                  .match(/\d+/g)
                  ?.map(Number) ?? [];
              expect(red > 128).toBe(colorScheme === 'light');
            },
            { context },
          );
        }
      },
      SLOW,
    );
    it(
      'stays responsive while it draws',
      async () => {
        await withPage(browser(), `${server().url}?calls=8`, async (page) => {
          await waitForPicture(page);
          const longest = await page.evaluate(async () => {
            document.querySelector<HTMLElement>('.draw-button')?.click();
            let worst = 0;
            let last = performance.now();
            while (document.querySelector('.grid-frame')?.getAttribute('aria-busy') === 'true') {
              await new Promise((resolve) => setTimeout(resolve, 5));
              worst = Math.max(worst, performance.now() - last);
              last = performance.now();
            }
            return worst;
          });
          expect(longest).toBeLessThan(1000); // the machine may be busy; the calls together take longer
        });
      },
      SLOW,
    );
  },
  ['off'],
);
