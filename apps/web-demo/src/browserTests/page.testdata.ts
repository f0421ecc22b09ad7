import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serveFolder, watchPage } from '@meanflow/testing/browser';
import type { BrowserMode, ServeOptions, Server } from '@meanflow/testing/browser';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { buildIfNeeded, dist } from '../../tools/build.mjs';

/** Generous: WebGPU on the CPU of a busy machine. */
export const SLOW = 240_000;

/** A path that no page is written for: everything has to work under any. */
export const PREFIX = '/some/path/';

/** A model of the page. */
export function modelFile(name: string): Uint8Array {
  return readFileSync(fileURLToPath(new URL(`../../public/models/${name}`, import.meta.url)));
}

/** Serves the built page while the tests of a file run. */
export function servePage(options: ServeOptions = {}): () => Server {
  let server: Server | null = null;
  beforeAll(async () => {
    buildIfNeeded();
    server = await serveFolder(dist, { prefix: PREFIX, isolated: true, ...options });
  }, SLOW);
  afterAll(() => server?.close());
  return () => {
    if (server === null) throw new Error('servePage: the server is there in tests and hooks only.');
    return server;
  };
}

/** What a page is opened with. */
export interface OpenOptions {
  readonly context?: BrowserContextOptions;
  /** Errors that are expected. */
  readonly allow?: readonly RegExp[];
}

/**
 * Opens a page in a context of its own, and closes it; an error that it reports fails the test. Service workers are off
 * unless they are asked for: a test should see what was built, and nothing that was kept.
 */
export async function withPage(
  browser: Browser,
  url: string,
  use: (page: Page) => Promise<void>,
  { context: settings = {}, allow = [] }: OpenOptions = {},
): Promise<void> {
  const context = await browser.newContext({ serviceWorkers: 'block', reducedMotion: 'reduce', ...settings });
  try {
    context.setDefaultTimeout(SLOW);
    const page = await context.newPage();
    const watch = watchPage(page, allow);
    await page.goto(url);
    await use(page);
    watch.check();
  } finally {
    await context.close();
  }
}

/** The query that makes the page compute with what the browser was started for, with the small model. */
export function backendQuery(mode: BrowserMode): string {
  return mode === 'off' ? 'backend=wasm&model=digits' : 'backend=webgpu&model=digits';
}

/** Waits for the picture of the settings. */
export async function waitForPicture(page: Page): Promise<void> {
  await page.waitForSelector('.grid-frame[aria-busy="false"] canvas[style]', { timeout: SLOW });
}

/** Bytes of a canvas, red of every pixel, rows from the top. */
export async function redOf(
  page: Page,
  selector: string,
): Promise<{ width: number; height: number; red: Uint8Array }> {
  const { width, height, text } = await page.$eval(selector, (canvas) => {
    const { width: w, height: h } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, w, h) ?? { data: [] };
    let binary = '';
    for (let i = 0; i < data.length; i += 4) binary += String.fromCharCode(data[i] ?? 0);
    return { width: w, height: h, text: btoa(binary) };
  });
  return { width, height, red: new Uint8Array(Buffer.from(text, 'base64')) };
}
