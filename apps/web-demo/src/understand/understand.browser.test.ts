import { describeBrowser } from '@meanflow/testing/browser';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { backendQuery, servePage, SLOW, withPage } from '../browserTests/page.testdata';

const server = servePage();
const part = '.understand';

/** What the tab states of itself, as numbers. */
async function stated(page: Page): Promise<Record<string, number>> {
  const data = await page.$eval(part, (root) => Object.entries((root as HTMLElement).dataset));
  return Object.fromEntries(data.map(([name, value]) => [name, Number(value)]));
}

const stepOf = async (page: Page) => (await stated(page))['step'] ?? NaN;
const labelOf = (page: Page, selector: string) => page.getAttribute(selector, 'aria-label');
const waitForStep = (page: Page, step: number) =>
  page.waitForFunction(
    ([root, least]) => Number(document.querySelector<HTMLElement>(root)?.dataset['step'] ?? -1) >= least,
    [part, step] as const,
    { timeout: 2 * SLOW },
  );

/** Pauses, if it trains. */
async function pause(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pause the training' }).click();
  await page.waitForSelector(`${part}[data-running="false"]`);
}

const thePicture = 'canvas.plane';
const pictureOf = (page: Page, index: number) =>
  page.$$eval(thePicture, (all, k) => (all[k] as HTMLCanvasElement).toDataURL(), index);

describeBrowser(
  'Understand',
  (browser, mode) => {
    const open = (query: string, use: (page: Page) => Promise<void>, context = {}) =>
      withPage(browser(), `${server().url}?tab=understand&${backendQuery(mode)}${query}`, use, { context });

    it(
      'trains by itself until one call of MeanFlow is right, while one step of flow matching is not',
      () =>
        open('', async (page) => {
          await page.waitForSelector(`${part}[data-right="true"]`, { timeout: 4 * SLOW });
          const numbers = await stated(page);
          expect(numbers['meanFlowOne']).toBeLessThan(0.01);
          expect(numbers['meanFlowNearest']).toBeLessThan(0.08);
          expect(numbers['flowMatchingOne']).toBeGreaterThan(0.2);
          expect(numbers['residual']).toBeLessThan((numbers['residualOfVelocity'] ?? 0) / 1.5);
          expect(await labelOf(page, '#understand-meanflow canvas')).toContain(
            'Energy distance to the data in one call 0.00',
          );
          expect(await page.textContent(`${part} [role="status"]`)).toContain('match moons');

          await pause(page);
          const step = await stepOf(page);
          await page.waitForTimeout(300);
          expect(await stepOf(page)).toBe(step);
          await page.getByRole('button', { name: 'One step' }).click();
          await waitForStep(page, step + 1);
          await page.getByRole('button', { name: 'Start over' }).click();
          await page.waitForSelector(`${part}[data-step="0"]`);
        }),
      5 * SLOW,
    );

    it(
      'shows u over another interval when its sliders are moved by keys, and never lets r pass t',
      () =>
        open('', async (page) => {
          await waitForStep(page, 3);
          await pause(page);
          const before = await pictureOf(page, 2);
          const r = page.locator('input[data-time="r"]');
          const t = page.locator('input[data-time="t"]');
          await t.focus();
          for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowLeft');
          expect(await t.getAttribute('aria-valuetext')).toBe('t = 0.60');
          await r.focus();
          await page.keyboard.press('End');
          expect([await r.inputValue(), await t.inputValue()]).toEqual(['1', '1']);
          await page.getByRole('checkbox', { name: /hold r = t/ }).check();
          await t.fill('0.3');
          expect(await r.inputValue()).toBe('0.3');
          await page.waitForFunction(() =>
            document
              .querySelector('.field-figure canvas')
              ?.getAttribute('aria-label')
              ?.includes('r = 0.30 and t = 0.30'),
          );
          await page.waitForTimeout(300);
          expect(await pictureOf(page, 2)).not.toBe(before);
          expect(await page.textContent('.field-meaning')).toContain('instantaneous velocity');
        }),
      SLOW,
    );

    it(
      'goes on with what is drawn by hand and by keys, and with a word, which the address keeps',
      () =>
        open('', async (page) => {
          await waitForStep(page, 2);
          await page.getByLabel('Draw …').check({ force: true });
          const box = (await page.locator('.draw-pad').boundingBox())!;
          await page.mouse.move(box.x + 30, box.y + 30);
          await page.mouse.down();
          await page.mouse.move(box.x + 120, box.y + 90, { steps: 8 });
          await page.mouse.up();
          await page.waitForSelector('.draw-pad[aria-label="Drawing area, 1 stroke"]', { timeout: 20_000 });
          await page.waitForFunction(() =>
            document
              .querySelector('#understand-meanflow canvas')
              ?.getAttribute('aria-label')
              ?.includes('your drawing'),
          );
          await page.locator('.draw-pad').focus();
          for (const key of ['Space', 'ArrowRight', 'ArrowRight', 'ArrowUp', 'Space'])
            await page.keyboard.press(key);
          await page.waitForSelector('.draw-pad[aria-label="Drawing area, 2 strokes"]', { timeout: 20_000 });

          await page.getByLabel('Word …').check({ force: true });
          await page.getByLabel('Your word').fill('Hi');
          await page.waitForFunction(() =>
            document
              .querySelector('#understand-meanflow canvas')
              ?.getAttribute('aria-label')
              ?.includes('the word “Hi”'),
          );
          await page.waitForFunction(() => new URL(location.href).searchParams.get('word') === 'Hi');
          const step = await stepOf(page);
          await waitForStep(page, step + 1); // it trains on
          await page.reload();
          await waitForStep(page, 1);
          await page.waitForFunction(
            () => document.querySelector<HTMLInputElement>('.words input')?.value === 'Hi',
          );
        }),
      2 * SLOW,
    );

    it(
      'stacks on a phone, without anything wider than the screen',
      () =>
        open(
          '',
          async (page) => {
            await waitForStep(page, 1);
            const width = await page.evaluate(() => document.documentElement.scrollWidth);
            expect(width).toBeLessThanOrEqual(390);
            const tops = await page.$$eval('.flow-panel', (all) =>
              all.map((one) => one.getBoundingClientRect().top),
            );
            expect(tops[1]).toBeGreaterThan((tops[0] ?? 0) + 300);
          },
          { viewport: { width: 390, height: 844 }, hasTouch: true },
        ),
      SLOW,
    );
  },
  ['off'],
);

describeBrowser(
  'Understand',
  (browser, mode) => {
    it(
      'trains and pauses',
      () =>
        withPage(browser(), `${server().url}?tab=understand&${backendQuery(mode)}`, async (page) => {
          await waitForStep(page, 3);
          await pause(page);
          const { meanFlowOne, flowMatchingOne, residual } = await stated(page);
          for (const value of [meanFlowOne, flowMatchingOne, residual])
            expect(Number.isFinite(value)).toBe(true);
        }),
      2 * SLOW,
    );
  },
  ['software'],
);
