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

/**
 * What `gpu` needs on Linux besides. Without a window Chromium has ANGLE draw by SwiftShader there, and then WebGPU has
 * no GPU either. Vulkan needs no surface where nothing is shown, and compositing on the CPU keeps Chromium from giving
 * up the GPU, with WebGPU's connection to it, just after the start.
 */
const linuxGpuFlags = ['--use-angle=vulkan', '--disable-vulkan-surface', '--disable-gpu-compositing'];

/** Flags of Chromium's for a mode, without a window. */
export function chromiumFlags(
  mode: BrowserMode,
  platform: NodeJS.Platform = process.platform,
): readonly string[] {
  return mode === 'gpu' && platform === 'linux' ? [...flags.gpu, ...linuxGpuFlags] : flags[mode];
}

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
    args: [...(isRoot ? ['--no-sandbox'] : []), ...chromiumFlags(mode), ...args],
  });
}
