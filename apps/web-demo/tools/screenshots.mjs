// @ts-check
/* global document -- what runs in the page */
// Takes the pictures of docs/page.md: the built page in every state that it describes, in Chromium without a GPU.
//
//   node apps/web-demo/tools/screenshots.mjs [NAME...]     all, or those named; CHROMIUM names the browser
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ query: string, phone?: boolean, dark?: boolean, full?: boolean, bare?: boolean, until: (page: Page) => Promise<unknown> }} Shot */

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const MINUTE = 60_000;

const drawn = (/** @type {Page} */ page) => page.waitForSelector('.grid-frame canvas[aria-label]');
const understood = async (/** @type {Page} */ page) => {
  await page.waitForSelector('.understand[data-right="true"]');
  await page.getByRole('button', { name: 'Pause the training' }).click();
  await page.waitForSelector('.understand[data-running="false"]');
};

/** @param {number} steps */
const trained = (steps) => async (/** @type {Page} */ page) => {
  await page.waitForSelector('.setup .draw-button:not([disabled])');
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.waitForFunction(
    (least) => Number(document.querySelector('.run .figure-value')?.textContent.replaceAll(',', '')) >= least,
    steps,
  );
};

/** @type {Record<string, Shot>} */
const shots = {
  generate: { query: 'model=mnist&seed=4', until: drawn },
  'generate-phone-dark': { query: 'model=mnist&seed=4', phone: true, dark: true, until: drawn },
  compare: {
    query: 'model=mnist&seed=4',
    full: true,
    until: async (page) => {
      await drawn(page);
      await page.locator('.compare').scrollIntoViewIfNeeded();
      await page.waitForFunction(() => document.querySelectorAll('.compare-cell canvas[style]').length === 8);
    },
  },
  loading: { query: 'model=mnist', until: (page) => page.waitForSelector('.grid-frame') },
  refused: {
    query: '',
    until: async (page) => {
      await drawn(page);
      await page.selectOption('.controls select', 'open');
      const file = {
        name: 'cat.safetensors',
        mimeType: 'application/octet-stream',
        buffer: Buffer.from('not a model'),
      };
      await page.setInputFiles('.load-dialog input[type=file]', file);
      await page.waitForSelector('.load-problem:not(:empty)');
    },
  },
  'not-isolated': { query: '', bare: true, until: drawn },
  understand: { query: 'tab=understand', full: true, until: understood },
  'understand-phone-dark': { query: 'tab=understand', phone: true, dark: true, until: understood },
  train: { query: 'tab=train', until: trained(300) },
  'train-phone': { query: 'tab=train', phone: true, full: true, until: trained(30) },
};

const folder = fileURLToPath(new URL('../../../docs/images/page/', import.meta.url));
const serveFile = fileURLToPath(new URL('serve.mjs', import.meta.url));

/**
 * Starts the server of the page.
 *
 * @param {boolean} bare Without the headers that isolate it.
 */
async function serve(bare) {
  const args = [serveFile, '--port', '0', ...(bare ? ['--bare'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url !== undefined) return { url, stop: () => child.kill() };
  }
  throw new Error('screenshots: the server ended before it served anything.');
}

const names = process.argv.slice(2);
const unknown = names.find((name) => shots[name] === undefined);
if (unknown !== undefined) {
  console.error(`screenshots: ${unknown} is none of ${Object.keys(shots).join(', ')}.`);
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  for (const [name, { query, phone, dark, full, bare, until }] of Object.entries(shots)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const server = await serve(bare === true);
    const context = await browser.newContext({
      viewport: phone === true ? PHONE : DESKTOP,
      deviceScaleFactor: 1,
      colorScheme: dark === true ? 'dark' : 'light',
      serviceWorkers: 'block',
      reducedMotion: 'reduce',
    });
    try {
      context.setDefaultTimeout(3 * MINUTE);
      const page = await context.newPage();
      await page.goto(`${server.url}?backend=wasm&${query}`);
      await until(page);
      await page.screenshot({ path: `${folder}${name}.png`, fullPage: full === true });
      console.log(`docs/images/page/${name}.png`);
    } finally {
      await context.close();
      server.stop();
    }
  }
} finally {
  await browser.close();
}
