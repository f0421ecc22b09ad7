import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { findChromium } from './findChromium';

/**
 * What WebGPU is in a browser: `software` computes on the CPU by SwiftShader, which every Chromium brings; with `off`
 * `requestAdapter` finds nothing, as where there is no GPU; `gpu` is the machine's own, for benchmarks.
 *
 * Chromium refuses every other driver that computes on the CPU, Mesa's lavapipe too, whatever its flags.
 */
export type BrowserMode = 'software' | 'off' | 'gpu';

const flags: Readonly<Record<BrowserMode, readonly string[]>> = {
  software: ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  off: ['--disable-gpu'],
  gpu: ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'],
};

/** Settings of a launch. */
export interface LaunchOptions {
  /** What WebGPU is. Default `software`. */
  mode?: BrowserMode;
  /** More flags of Chromium's. */
  args?: readonly string[];
}

/**
 * Starts the system's Chromium without a window. The caller closes it; it ends with this process at the latest.
 *
 * @throws Error if there is none.
 */
export async function launchChromium({ mode = 'software', args = [] }: LaunchOptions = {}): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) {
    throw new Error('launchChromium: Chromium must be installed, found none. `npm run gpu` brings it.');
  }
  // Root has no sandbox in Chromium, and the pages are our own.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    headless: true,
    timeout: 120_000,
    args: [...(isRoot ? ['--no-sandbox'] : []), ...flags[mode], ...args],
  });
}
