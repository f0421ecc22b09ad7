import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
/* eslint-disable @nx/enforce-module-boundaries -- the tests' own harness: what they load, the bench times */
import { bundleEntry, tfjsWasmFolder } from '../../../../packages/testing/src/browser/bundleEntry';
import type { Bundle } from '../../../../packages/testing/src/browser/bundleEntry';
import { launchChromium } from '../../../../packages/testing/src/browser/launchChromium';
import type { BrowserMode } from '../../../../packages/testing/src/browser/launchChromium';
import { serveFolder } from '../../../../packages/testing/src/browser/serveFolder';
import type { Server } from '../../../../packages/testing/src/browser/serveFolder';
/* eslint-enable @nx/enforce-module-boundaries */
import type { CaseName } from '../cases';
import { drawInputs, encodeInputs } from '../inputs';
import { describeMachine, loadNow } from '../machine';
import type { Machine } from '../machine';
import { networks } from '../networks';
import { workspaceFolder } from '../programs';
import { assertGpu } from './adapter';
import type { Adapter } from './adapter';
import { contestTitle } from './programs';
import type { BrowserProgram, Contest } from './programs';
import { paths } from './protocol';
import type { StartRequest, Versions } from './protocol';
import { valueDifference } from './valueDifference';
import type { StepValue } from './valueDifference';

/** What to measure. */
export interface BrowserOptions {
  readonly cases: readonly CaseName[];
  readonly programs: readonly BrowserProgram[];
  readonly contests: readonly Contest[];
  readonly rounds: number;
  readonly mode: BrowserMode;
  readonly progress: (text: string) => void;
}

/** Times of one program. */
export interface BrowserMeasured {
  readonly program: BrowserProgram;
  readonly ms: readonly number[];
  /** The first step, with all that is compiled in it. */
  readonly firstMs: number;
  /** Largest relative difference of its values from those of the first program. */
  readonly difference: number;
  readonly versions: Versions;
}

/** A program that has no times, with the reason. */
export interface BrowserAbsent {
  readonly program: BrowserProgram;
  readonly absent: string;
}

/** One comparison. */
export interface BrowserResult {
  readonly case: CaseName;
  readonly contest: Contest;
  readonly outcomes: readonly (BrowserMeasured | BrowserAbsent)[];
}

/** What a run measured; what `--json` writes. */
export interface BrowserReport {
  readonly schema: 1;
  readonly date: string;
  readonly machine: Machine;
  readonly load: { readonly before: number; readonly after: number };
  readonly browser: string;
  readonly adapter: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly results: readonly BrowserResult[];
}

const SLOW_MS = 8000; // one round of it is enough of a program that takes longer
const SLOW_ROUNDS = 3;
const SETTLE_MS = 30; // threads of a library that has just computed may look for more work for a while

const folder = join(workspaceFolder, 'tools/bench');
const require = createRequire(join(folder, 'package.json'));

function packageFile(name: string): string {
  return join(dirname(require.resolve(name)), '..', 'package.json');
}

function packageVersions(): Record<string, string> {
  const names = ['@tensorflow/tfjs-core', '@jax-js/jax', 'onnxruntime-web'];
  return Object.fromEntries(
    names.map((name) => [
      name,
      (JSON.parse(readFileSync(packageFile(name), 'utf8')) as { version: string }).version,
    ]),
  );
}

/** The network's sampler as two ONNX files, of standard operators and of onnxruntime's own; or why there are none. */
function writeModels(inputs: Uint8Array): Record<string, Uint8Array> | string {
  const temporary = mkdtempSync(join(tmpdir(), 'meanflow-onnx-'));
  const python =
    process.env['MEANFLOW_BENCH_PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3');
  try {
    const file = join(temporary, 'inputs.safetensors');
    writeFileSync(file, inputs);
    const models: Record<string, Uint8Array> = {};
    for (const [name, flags] of [
      [paths.model, []],
      [paths.fusedModel, ['fused']],
    ] as const) {
      const out = join(temporary, name);
      const script = join(folder, 'peers/write_onnx.py');
      const { status, error, stderr } = spawnSync(python, [script, file, out, ...flags], {
        encoding: 'utf8',
      });
      if (error !== undefined) return `${python} does not start, and it writes the ONNX file`;
      if (status !== 0) return `the ONNX file cannot be written: ${stderr.trim().split('\n').at(-1) ?? ''}`;
      models[name] = readFileSync(out);
    }
    return models;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** A program in its page, warm. */
interface Runner {
  readonly program: BrowserProgram;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly values: readonly StepValue[];
  readonly firstMs: number;
  readonly versions: Versions;
  readonly ms: number[];
  slow: boolean;
  failure: string | null;
}

interface StepAnswer {
  readonly ms: number;
  readonly value: StepValue;
}

const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^page\.evaluate: (?:Error: )?/, '')
    .split('\n')[0] ?? '';

async function warmUp(
  browser: Browser,
  server: Server,
  request: StartRequest,
): Promise<Omit<Runner, 'program'>> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(server.url);
    await page.waitForFunction('globalThis.bench !== undefined');
    const start = performance.now();
    const versions: Versions = await page.evaluate(`bench.start(${JSON.stringify(request)})`);
    const first: StepAnswer = await page.evaluate('bench.step()');
    const firstMs = performance.now() - start;
    const second: StepAnswer = await page.evaluate('bench.step()');
    const slow = second.ms > SLOW_MS;
    if (!slow) await page.evaluate('bench.step().then(() => null)');
    const values = [first.value, second.value];
    return { context, page, values, firstMs, versions, ms: slow ? [second.ms] : [], slow, failure: null };
  } catch (error) {
    await context.close();
    throw error;
  }
}

const settle = () => new Promise((done) => setTimeout(done, SETTLE_MS));

async function timeOnce(runner: Runner): Promise<void> {
  try {
    runner.ms.push(await runner.page.evaluate<number>('bench.step().then(({ ms }) => ms)'));
  } catch (error) {
    runner.failure = firstLine(error);
  }
  await settle();
}

/** Where a contest takes place. */
interface Place {
  readonly browser: Browser;
  readonly server: Server;
  readonly noModels: string | null;
}

async function runContest(
  { browser, server, noModels }: Place,
  contest: Contest,
  name: CaseName,
  { programs, rounds, progress }: BrowserOptions,
): Promise<BrowserResult['outcomes']> {
  const runners: (Runner | BrowserAbsent)[] = [];
  for (const program of programs.filter(({ cases }) => cases.includes(name))) {
    if (program.family === 'onnxruntime' && noModels !== null) {
      runners.push({ program, absent: noModels });
      continue;
    }
    progress(`${contestTitle(contest)}, ${contest.network}, ${name}, ${program.name}: warming up`);
    try {
      const { engine, threads } = contest;
      const request = { program: program.name, case: name, engine, threads };
      runners.push({ program, ...(await warmUp(browser, server, request)) });
    } catch (error) {
      progress(`${program.name}: ${firstLine(error)}`);
      runners.push({ program, absent: firstLine(error) });
    }
  }
  const warm = runners.filter((runner) => 'page' in runner);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const runner of warm) {
        const isDone = runner.failure !== null || (runner.slow && runner.ms.length >= SLOW_ROUNDS);
        if (!isDone) await timeOnce(runner);
      }
    }
  } finally {
    for (const { context } of warm) await context.close();
  }
  const [reference] = warm;
  return runners.map((runner) => {
    if (!('page' in runner)) return runner;
    const { program, ms, firstMs, versions, values, failure } = runner;
    if (failure !== null) return { program, absent: failure };
    return { program, ms, firstMs, versions, difference: valueDifference(reference?.values ?? [], values) };
  });
}

async function adapterOf(browser: Browser, url: string): Promise<Adapter> {
  const page = await browser.newPage();
  try {
    await page.goto(url);
    return await page.evaluate(
      `(async () => {
         const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
         if (!adapter) return { name: 'none', isFallback: false };
         const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
         const name = [vendor, architecture, description].filter(Boolean).join(' ');
         return { name, isFallback: isFallbackAdapter === true };
       })()`,
    );
  } finally {
    await page.close();
  }
}

const page = (bundle: Bundle) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title><script type="module" src="./${bundle.entry}"></script>`;

/**
 * Times one step of every program in turn, each in a page and a worker of its own, in one browser.
 *
 * @param receive Called whenever there is more.
 * @returns All of it; null if there was nothing to do.
 */
export async function runBrowserBench(
  options: BrowserOptions,
  receive: (report: BrowserReport) => void,
): Promise<BrowserReport | null> {
  const before = loadNow();
  let latest: BrowserReport | null = null;
  options.progress('bundling');
  const bundle = await bundleEntry(join(folder, 'src/browser/page/page.ts'));
  const results: BrowserResult[] = [];
  const browser = await launchChromium({ mode: options.mode });
  try {
    for (const name of new Set(options.contests.map(({ network }) => network))) {
      const inputs = encodeInputs(drawInputs(networks[name]));
      const models = writeModels(inputs);
      const files = new Map<string, string | Uint8Array>([
        ...bundle.files,
        ['index.html', page(bundle)],
        [paths.inputs, inputs],
        ...(typeof models === 'string' ? [] : Object.entries(models)),
      ]);
      const mounts = { 'wasm/': tfjsWasmFolder(), 'ort/': dirname(require.resolve('onnxruntime-web')) };
      const server = await serveFolder(null, { isolated: true, files, mounts });
      try {
        const place = { browser, server, noModels: typeof models === 'string' ? models : null };
        const adapter = await adapterOf(browser, server.url);
        if (options.mode === 'gpu' && options.contests.some(({ engine }) => engine === 'webgpu')) {
          assertGpu(adapter);
        }
        for (const contest of options.contests.filter(({ network }) => network === name)) {
          for (const caseName of options.cases) {
            const outcomes = await runContest(place, contest, caseName, options);
            results.push({ case: caseName, contest, outcomes });
            latest = {
              ...{ schema: 1, date: new Date().toISOString(), machine: describeMachine() },
              adapter: adapter.name,
              load: { before, after: loadNow() },
              browser: `Chromium ${browser.version()}`,
              ...{ packages: packageVersions(), rounds: options.rounds, results: [...results] },
            };
            receive(latest);
          }
        }
      } finally {
        await server.close();
      }
    }
  } finally {
    await browser.close();
  }
  return latest;
}
