import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { absentChromium } from './findChromium';
import { launchChromium } from './launchChromium';
import type { BrowserMode } from './launchChromium';

const titles: Readonly<Record<BrowserMode, string>> = {
  software: 'in Chromium with WebGPU',
  off: 'in Chromium without WebGPU',
  gpu: 'in Chromium on the GPU',
};

const browsers = new Map<BrowserMode, Promise<Browser>>();
let isClosing = false;

/** The browser of a mode, started for the first suite of a file that asks for it and closed after the last. */
async function browserOf(mode: BrowserMode): Promise<Browser> {
  const running = await browsers.get(mode);
  if (running?.isConnected() === true) return running;
  const started = launchChromium({ mode });
  browsers.set(mode, started);
  return started;
}

async function closeAll(): Promise<void> {
  const started = [...browsers.values()];
  browsers.clear();
  isClosing = false;
  for (const browser of await Promise.allSettled(started)) {
    if (browser.status === 'fulfilled') await browser.value.close();
  }
}

/**
 * Runs a suite in a real Chromium, once for each mode, or reports one skipped test whose title says why not. Call it
 * at the top of a test file: its suites share their browsers, which close with the file.
 *
 * @param suite Defines the tests. `browser()` is the one that runs while they do; make a context or a page of it for
 *   each test and close it, or hand it to `runInBrowser`.
 * @param modes What WebGPU is. Default both, with and without.
 */
export function describeBrowser(
  title: string,
  suite: (browser: () => Browser, mode: BrowserMode) => void,
  modes: readonly BrowserMode[] = ['software', 'off'],
): void {
  if (absentChromium !== null) {
    it.skip(`${title} in Chromium (skipped: ${absentChromium})`, () => undefined);
    return;
  }
  if (!isClosing) afterAll(closeAll);
  isClosing = true;
  for (const mode of modes) {
    describe(`${title} ${titles[mode]}`, () => {
      let browser: Browser | null = null;
      beforeAll(async () => {
        browser = await browserOf(mode);
      });
      suite(() => {
        if (browser === null)
          throw new Error('describeBrowser: browser() must be called in a test or a hook.');
        return browser;
      }, mode);
    });
  }
}
