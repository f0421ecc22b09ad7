import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeZip, openZip, readerOfBytes } from '@meanflow/data';
import { checkpointFiles, decodeWeights, encodePng } from '@meanflow/train';
import { describeBrowser } from '@meanflow/testing/browser';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { redOf, servePage, SLOW, withPage } from './page.testdata';
import { useTrainer, writeFiles } from './trainerCli.testdata';

const server = servePage();
const trainer = useTrainer(SLOW);
const address = (backend: string) => `${server().url}?tab=train&backend=${backend}`;

/** The tab, ready for its first press. */
async function ready(page: Page): Promise<void> {
  await page.waitForSelector('.setup .draw-button:not([disabled])');
}

/** Begins a training of a second or two. */
async function begin(page: Page, steps: number, batch = 8): Promise<void> {
  await ready(page);
  await page.click('.setup summary');
  await page.locator('.train').getByLabel('Batch', { exact: true }).fill(String(batch));
  await page.locator('.train').getByLabel('Steps', { exact: true }).fill(String(steps));
  await page.locator('.train').getByLabel('Seed', { exact: true }).fill('7');
  await page.getByRole('button', { name: 'Train', exact: true }).click();
}

const inState = (page: Page, state: string) => page.waitForSelector(`.run[data-state="${state}"]`);

/** Steps done, as the page says. */
async function stepOf(page: Page): Promise<number> {
  return Number((await page.locator('.run .figure-value').innerText()).replaceAll(',', ''));
}

async function untilStep(page: Page, step: number): Promise<void> {
  while ((await stepOf(page)) < step) await page.waitForTimeout(20);
}

/** The run as the page hands it over. */
async function download(page: Page): Promise<{ bytes: Uint8Array; files: Record<string, Uint8Array> }> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('.run-actions:visible').getByRole('button', { name: /^Download/ }).click(),
  ]); // prettier-ignore
  const bytes = new Uint8Array(readFileSync(await file.path()));
  const entries = await openZip(readerOfBytes('run.zip', bytes));
  const files = await Promise.all(entries.map(async ({ name, read }) => [name, await read()] as const));
  return { bytes, files: Object.fromEntries(files) };
}

/** Gives files to the page, as its dialog does. */
async function give(page: Page, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await ready(page);
  const given = Object.entries(files).map(([name, bytes]) => ({
    ...{ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) },
  }));
  await page.locator('.own-images input[type=file]').first().setInputFiles(given);
}

const checkpointOf = (folder: string, step: number) => {
  const name = `step-${String(step).padStart(8, '0')}`;
  return Object.fromEntries(
    checkpointFiles.map((file) => [
      file,
      new Uint8Array(readFileSync(join(folder, 'checkpoints', name, file))),
    ]),
  );
};

/** The checkpoint in what the page handed over. */
function checkpointIn(files: Record<string, Uint8Array>, step: number): Record<string, Uint8Array> {
  const folder = `checkpoints/step-${String(step).padStart(8, '0')}/`;
  return Object.fromEntries(
    checkpointFiles.map((file) => [file, new Uint8Array(files[folder + file] ?? [])]),
  );
}

/** Steps of a short training. */
const STEPS = 30;

/**
 * Largest difference of a weight from Node's, whose WebAssembly has no relaxed SIMD: Chromium multiplies and adds with one
 * rounding. The weights move by about STEPS times the learning rate, 0.03.
 */
const TOLERANCE = 1e-4;

/** Expects checkpoints of equal steps, seeds and configurations whose weights are close. */
function expectClose(found: Record<string, Uint8Array>, expected: Record<string, Uint8Array>): void {
  for (const name of ['model.safetensors', 'ema.safetensors']) {
    const [a, b] = [decodeWeights(found[name]!), decodeWeights(expected[name]!)];
    expect(a.metadata).toEqual(b.metadata);
    let worst = 0;
    for (const [key, { data }] of Object.entries(b.weights))
      data.forEach(
        (value, i) => (worst = Math.max(worst, Math.abs(value - (a.weights[key]?.data[i] ?? NaN)))),
      );
    expect(worst).toBeLessThan(TOLERANCE);
  }
}

describeBrowser(
  'Train',
  (browser) => {
    const open = (use: (page: Page) => Promise<void>, allow: readonly RegExp[] = []) =>
      withPage(browser(), address('wasm'), use, { allow });

    it(
      'goes on after a pause and a reload to the bytes of a training that did not pause',
      async () => {
        const ends: Record<string, Uint8Array>[] = [];
        for (const isPaused of [true, false]) {
          await open(async (page) => {
            await begin(page, STEPS);
            if (isPaused) {
              await untilStep(page, 3);
              const { width, red } = await redOf(page, '.sample-frame canvas');
              expect(width).toBeGreaterThan(100);
              expect(new Set(red).size).toBeGreaterThan(100); // noise, in many greys
              await page.click('.run[data-state="running"] .draw-button');
              await inState(page, 'paused');
              expect(await stepOf(page)).toBeLessThan(STEPS);
              await page.waitForSelector('.run-kept[data-kind="good"]');
              await page.reload();
              await page.getByRole('button', { name: 'Go on with it' }).click();
            }
            await inState(page, 'finished');
            expect(await page.locator('.timeline').isVisible()).toBe(true);
            ends.push((await download(page)).files);
          });
        }
        const [paused = {}, whole = {}] = ends.map((files) => checkpointIn(files, STEPS));
        expect(paused).toEqual(whole);

        const { folder, run } = trainer();
        const reference = folder();
        writeFiles(reference, { 'config.yaml': ends[0]!['config.yaml']! });
        run(reference, 'train', '--config', 'config.yaml', '--out', 'run', '--backend', 'wasm');
        expectClose(paused, checkpointOf(join(reference, 'run'), STEPS));

        const handed = folder();
        writeFiles(handed, ends[0]!);
        run(handed, 'sample', '--checkpoint', '.', '--out', 'samples.png', '--backend', 'wasm');
        expect(existsSync(join(handed, 'samples.png'))).toBe(true);
        const more = String(STEPS + 1);
        run(handed, 'train', '--resume', '--out', '.', '--steps', more, '--backend', 'wasm');
        expect(Object.keys(checkpointOf(handed, STEPS + 1))).toHaveLength(4);
      },
      SLOW,
    );

    it(
      'goes on from a checkpoint of meanflow train to what it reaches itself',
      () =>
        open(async (page) => {
          const { folder, run } = trainer();
          const place = folder();
          const sets = ['batchSize=8', 'steps=6', 'checkpoint={every: 3, keep: 9}', 'optimizer.clipNorm=0.4'];
          const args = sets.flatMap((set) => ['--set', set]);
          run(place, 'train', '--preset', 'digits', ...args, '--out', 'run', '--backend', 'wasm');
          await give(page, checkpointOf(join(place, 'run'), 3));
          await inState(page, 'paused');
          expect(await stepOf(page)).toBe(3);
          await page.click('.run .draw-button');
          await inState(page, 'finished');
          const { files } = await download(page);
          expectClose(checkpointIn(files, 6), checkpointOf(join(place, 'run'), 6));
        }),
      SLOW,
    );

    it(
      'trains on dropped images, with a class for each folder, and hands them over',
      () =>
        open(async (page) => {
          const picture = (k: number, isRound: boolean) => {
            const data = Uint8Array.from({ length: 12 * 12 * 3 }, (_, i) => {
              const [x, y] = [Math.floor(i / 3) % 12, Math.floor(i / 36)];
              const inside = isRound ? Math.hypot(x - 6, y - 6) < 5 : Math.abs(x - y) < 3;
              return inside ? 255 - 10 * k : 0;
            });
            return encodePng({ width: 12, height: 12, data });
          };
          const names = Array.from({ length: 6 }, (_, k) => k);
          const zip = encodeZip({
            ...Object.fromEntries(names.map((k) => [`shapes/balls/${k}.png`, picture(k, true)])),
            ...Object.fromEntries(names.map((k) => [`shapes/lines/${k}.png`, picture(k, false)])),
            'shapes/lines/broken.png': Uint8Array.of(1, 2, 3),
          });
          await give(page, { 'shapes.zip': zip });
          const caption = page.locator('.samples > .fine');
          await expect.poll(() => caption.innerText(), { timeout: SLOW }).toBe(
            '12 images of 16 x 16, grey, in 2 classes (balls, lines).',
          ); // prettier-ignore
          expect(await page.locator('.wanted').innerText()).toMatch(/^One file was left out: .*broken\.png/);
          await page.getByRole('radio', { name: '8 by 8 pixels' }).check();
          await expect.poll(() => caption.innerText(), { timeout: SLOW }).toContain('8 x 8');
          await begin(page, 3, 4);
          await inState(page, 'finished');
          const { files, bytes } = await download(page);
          const { folder, run } = trainer();
          const handed = folder();
          writeFiles(handed, files);
          run(handed, 'train', '--resume', '--out', '.', '--steps', '4', '--backend', 'wasm');
          await page.reload();
          await page.getByRole('button', { name: 'Go on with it' }).click();
          await inState(page, 'finished');
          expect(await stepOf(page)).toBe(3);

          page.once('dialog', (dialog) => void dialog.accept());
          await page.getByRole('button', { name: 'New training' }).click();
          await give(page, { 'run.zip': bytes });
          await inState(page, 'finished');
          await page.getByRole('button', { name: 'Train more' }).click();
          await untilStep(page, 4);
        }),
      SLOW,
    );

    it(
      'says what is wrong with a file, and trains after all',
      () =>
        open(async (page) => {
          const problem = page.locator('.setup [role=alert]');
          const told = async (files: Record<string, Uint8Array>, pattern: RegExp) => {
            await give(page, files);
            await expect.poll(() => problem.innerText(), { timeout: SLOW }).toMatch(pattern);
          };
          await told({ 'a.zip': Uint8Array.of(1, 2, 3) }, /a\.zip is no zip archive/);
          await told({ 'a.txt': Uint8Array.of(1) }, /There is no image in this/);
          await told({ 'a.png': Uint8Array.of(1) }, /None of 1 images can be used: a\.png/);
          await told({ 'state.json': Uint8Array.of(1) }, /lacks model\.safetensors/);
          await page.click('.setup summary');
          await page.locator('.train').getByLabel('Learning rate').fill('fast');
          await page.getByRole('button', { name: 'Train', exact: true }).click();
          await expect.poll(() => problem.innerText()).toMatch(/The learning rate must be .* got no number/);
          await page.locator('.train').getByLabel('Learning rate').fill('0.001');
          await page.locator('.train').getByLabel('Batch', { exact: true }).fill('4');
          await page.getByRole('button', { name: 'Train', exact: true }).click();
          await untilStep(page, 1);
        }),
      SLOW,
    );

    it(
      'has a whole training after the page was killed at any moment, and keeps none from a second tab',
      () =>
        open(async (first) => {
          const context = first.context();
          let page = first;
          await begin(page, 100_000, 4);
          let reached = 0;
          for (const wait of [0, 40, 90, 150, 230]) {
            await untilStep(page, reached + 2);
            void page.evaluate(() => {
              window.dispatchEvent(new Event('pagehide')); // it begins to keep the training
            });
            await page.waitForTimeout(wait);
            await page.close({ runBeforeUnload: false });
            page = await context.newPage();
            await page.goto(address('wasm'));
            await page.waitForSelector('.kept:visible, .setup .draw-button:not([disabled])');
            expect(await page.locator('.train-problems').innerText()).toBe('');
            if (!(await page.locator('.kept').isVisible())) {
              expect(reached).toBe(0); // killed before it was ever kept
              await begin(page, 100_000, 4);
              continue;
            }
            await page.getByRole('button', { name: 'Go on with it' }).click();
            await inState(page, 'running');
            const step = await stepOf(page);
            expect(step).toBeGreaterThanOrEqual(reached);
            reached = step;
          }
          const second = await context.newPage();
          await second.goto(address('wasm'));
          await second.waitForSelector('.train-problems p');
          expect(await second.locator('.train-problems').innerText()).toMatch(/^Another tab of this page/);
        }),
      SLOW,
    );
  },
  ['off'],
);

describe('a lost device', () => {
  describeBrowser(
    'Train',
    (browser) => {
      it(
        'goes on from where it was kept',
        () =>
          withPage(
            browser(),
            address('webgpu'),
            async (page) => {
              await begin(page, 100_000, 4);
              await untilStep(page, 1);
              await page.click('.run .draw-button');
              await page.waitForSelector('.run-kept[data-kind="good"]');
              const kept = await stepOf(page);
              await page.click('.run .draw-button');
              await inState(page, 'running');
              const session = await browser().newBrowserCDPSession();
              await session.send('Browser.crashGpuProcess').catch(() => undefined);
              await page.waitForSelector('[role=alert]:has-text("lost")');
              await page.waitForSelector('.run[data-state="running"]');
              await untilStep(page, kept + 1);
            },
            { allow: [/./] },
          ),
        SLOW,
      );
    },
    ['software'],
  );
});
