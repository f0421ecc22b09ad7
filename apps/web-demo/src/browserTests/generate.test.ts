import '@tensorflow/tfjs';
import { createProgram } from '@meanflow/compile';
import { serveFolder, describeBrowser } from '@meanflow/testing/browser';
import { toPixels, toVariables, toWeights } from '@meanflow/train';
import { drawSamples, samplerOf } from '@meanflow/train/run';
import * as tf from '@tensorflow/tfjs-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { labelsFor } from '../generate/settings';
import { readModel } from '../load/readModel';
import { backendQuery, modelFile, redOf, servePage, SLOW, waitForPicture, withPage } from './page.testdata';

const server = servePage();

/** What `meanflow sample` draws with the page's own model, as pixels, on tfjs's cpu backend. */
async function expectedPixels(seed: number): Promise<{ pixels: Uint8Array; count: number }> {
  await tf.setBackend('cpu');
  const read = readModel(modelFile('digits/digits-meanflow.safetensors'), 'digits');
  const variables = tf.tidy(() => toVariables(toWeights(read.weights)));
  const sampler = samplerOf(createProgram(), read.objective, () => read.model.network(variables));
  const labels = labelsFor(read.dataset, null);
  const request = { labels, count: labels.length, seed, nfe: 1 };
  const pixels = toPixels(await drawSamples(sampler, read.dataset.sampleShape, request));
  tf.dispose(variables);
  return { pixels, count: labels.length };
}

/** Pixels of the images in the order of the samples, out of the canvas, in which each is a square. */
async function shownPixels(page: Page, count: number): Promise<Uint8Array> {
  const { width, red } = await redOf(page, '.grid-frame canvas');
  const columns = 8;
  const gap = 2;
  const scale = (width - (columns - 1) * gap) / (columns * 8);
  const at = (k: number, y: number, x: number) => {
    const top = Math.floor(k / columns) * (8 * scale + gap) + Math.floor((y + 0.5) * scale);
    const left = (k % columns) * (8 * scale + gap) + Math.floor((x + 0.5) * scale);
    return red[top * width + left] ?? 0;
  };
  return Uint8Array.from({ length: count * 64 }, (_, i) =>
    at(Math.floor(i / 64), Math.floor((i % 64) / 8), i % 8),
  );
}

/** The picture as text, to see whether it is another. */
const pictureOf = async (page: Page, selector = '.grid-frame canvas') =>
  Buffer.from((await redOf(page, selector)).red).toString('base64');

async function changed(page: Page, selector: string, before: string): Promise<string> {
  for (;;) {
    const now = await pictureOf(page, selector);
    if (now !== before) return now;
    await page.waitForTimeout(100);
  }
}

describeBrowser('Generate', (browser, mode) => {
  const open = (query: string, use: (page: Page) => Promise<void>) =>
    withPage(browser(), `${server().url}?${backendQuery(mode)}&${query}`, use);

  it(
    'draws the picture of meanflow sample, in one call',
    async () => {
      const { pixels, count } = await expectedPixels(7);
      await open('seed=7', async (page) => {
        await waitForPicture(page);
        const shown = await shownPixels(page, count);
        const off = shown.map((value, i) => Math.abs(value - (pixels[i] ?? 0)));
        // Rounding at the border of two bytes: never more than one, and rarely.
        expect(Math.max(...off)).toBeLessThanOrEqual(1);
        expect(off.filter((value) => value > 0).length).toBeLessThan(0.02 * off.length);
        expect(await page.textContent('.figure')).toMatch(/\d+(\.\d)?(ms|s).*80 images in one network call/);
        const name = mode === 'off' ? 'WebAssembly' : 'WebGPU';
        expect(await page.textContent('.status-text')).toContain(name);
      });
    },
    SLOW,
  );

  it(
    'draws another with a click, and keeps what it draws in the address',
    async () => {
      await open('seed=7', async (page) => {
        await waitForPicture(page);
        const seven = await pictureOf(page);
        await page.click('text=Draw');
        await changed(page, '.grid-frame canvas', seven);
        expect(new URL(page.url()).searchParams.get('seed')).not.toBe('7');
        await page.fill('.seed', '7');
        await page.keyboard.press('Enter');
        await page.waitForFunction(
          (label) => document.querySelector('.grid-frame canvas')?.ariaLabel === label,
          '80 images in one network call, from seed 7, a row for each class',
        );
        expect(await pictureOf(page)).toBe(seven);
        await page.fill('.seed', '-1');
        await page.keyboard.press('Enter');
        expect(await page.textContent('.message [role=alert]')).toContain('A seed is a whole number');
        await page.check('input[aria-label="class 3"]');
        const threes = await changed(page, '.grid-frame canvas', seven);
        expect(new URL(page.url()).searchParams.get('class')).toBe('3');
        await page.reload();
        await waitForPicture(page);
        expect(await pictureOf(page)).toBe(threes);
      });
    },
    SLOW,
  );

  it(
    'blends noises by keyboard and by dragging',
    async () => {
      await open('seed=7', async (page) => {
        await waitForPicture(page);
        await page.locator('.blend .pad').scrollIntoViewIfNeeded();
        await page.waitForSelector('.blend .live canvas[style]');
        const middle = await pictureOf(page, '.blend .live canvas');
        await page.focus('.blend .pad');
        await page.keyboard.press('ArrowRight');
        const right = await changed(page, '.blend .live canvas', middle);
        expect(await page.getAttribute('.blend .pad', 'aria-valuetext')).toBe('55 % to the right, 50 % down');
        const box = (await page.locator('.blend .pad').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
        await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5);
        await page.mouse.down();
        await page.mouse.move(box.x + 1, box.y + 1, { steps: 5 });
        await page.mouse.up();
        await changed(page, '.blend .live canvas', right);
        expect(await page.getAttribute('.blend .pad', 'aria-valuetext')).toMatch(
          /^[01] % to the right, [01] % down$/,
        );
      });
    },
    SLOW,
  );
});

describeBrowser(
  'Generate',
  (browser) => {
    const open = (query: string, use: (page: Page) => Promise<void>, allow: readonly RegExp[] = []) =>
      withPage(browser(), `${server().url}?model=digits&${query}`, use, { allow });

    it(
      'compares both methods at one to eight calls',
      async () => {
        await open('seed=3', async (page) => {
          await waitForPicture(page);
          await page.locator('.compare').scrollIntoViewIfNeeded();
          await page.waitForFunction(
            () => document.querySelectorAll('.compare-cell canvas[style]').length === 8,
          );
          const label = (method: string, calls: number) =>
            `.compare-cell canvas[aria-label="${method} with ${calls} network calls: 16 images"]`;
          const one = await redOf(page, label('MeanFlow', 1));
          const rival = await redOf(page, label('flow matching', 1));
          const contrast = ({ red }: { red: Uint8Array }) =>
            red.filter((value) => value < 30 || value > 225).length / red.length;
          expect(contrast(one)).toBeGreaterThan(1.3 * contrast(rival)); // one step of flow matching is a blur
          expect(await page.locator('.compare-time').allTextContents()).toEqual(
            Array.from({ length: 8 }, () => expect.stringMatching(/\d (ms|s)$/) as string),
          );
        });
      },
      SLOW,
    );

    it(
      'opens a file, and says what does not fit',
      async () => {
        await open('', async (page) => {
          await waitForPicture(page);
          const before = await pictureOf(page);
          await page.selectOption('.controls select', 'open');
          const good = modelFile('digits/digits-flow-matching.safetensors');
          const give = (name: string, buffer: Uint8Array) =>
            page.setInputFiles('.load-dialog input[type=file]', {
              name,
              mimeType: 'application/octet-stream',
              buffer: Buffer.from(buffer),
            });
          await give('notes.txt', new TextEncoder().encode('some notes'));
          await page.waitForSelector('.load-problem:not(:empty)');
          expect(await page.textContent('.load-problem')).toContain('notes.txt does not fit:');
          await give('short.safetensors', good.subarray(0, 300_000));
          await page.waitForFunction(() =>
            document.querySelector('.load-problem')?.textContent.includes('truncated'),
          );
          await give('mine.safetensors', good);
          await page.waitForSelector('.load-dialog', { state: 'hidden' });
          await changed(page, '.grid-frame canvas', before);
          expect(await page.textContent('.facts')).toContain('flow matching');
          expect(
            await page.$eval(
              '.controls select',
              (select) => (select as HTMLSelectElement).selectedOptions[0]?.text,
            ),
          ).toBe('mine.safetensors');
        });
      },
      SLOW,
    );

    it(
      'opens hf:// names, and says what a server refuses',
      async () => {
        const headers = {
          'access-control-allow-origin': '*',
          'cross-origin-resource-policy': 'cross-origin',
        };
        const files = new Map([
          ['ann/digits/resolve/main/model.safetensors', modelFile('digits/digits-flow-matching.safetensors')],
        ]);
        const hub = await serveFolder(null, { files, headers });
        const closed = await serveFolder(null, { files });
        const failing = [/404/, /CORS policy/, /ERR_FAILED/];
        try {
          await open(
            `hub=${encodeURIComponent(hub.url)}`,
            async (page) => {
              await waitForPicture(page);
              const before = await pictureOf(page);
              await page.selectOption('.controls select', 'open');
              const ask = async (address: string, answer: string) => {
                await page.fill('.load-line input', address);
                await page.click('.load-line button');
                await page.waitForFunction(
                  (text) => document.querySelector('.load-problem')?.textContent.includes(text),
                  answer,
                );
              };
              await ask('hf://ann', 'A model must be named as');
              await ask('hf://ann/nothing', '404: there is no such file');
              await ask(
                `${closed.url}ann/digits/resolve/main/model.safetensors`,
                'does not let other pages read it (CORS)',
              );
              await page.fill('.load-line input', 'hf://ann/digits'); // ema.safetensors is not there, model.safetensors is
              await page.click('.load-line button');
              await page.waitForSelector('.load-dialog', { state: 'hidden' });
              await changed(page, '.grid-frame canvas', before);
            },
            failing,
          );
        } finally {
          await hub.close();
          await closed.close();
        }
      },
      SLOW,
    );
  },
  ['off'],
);
