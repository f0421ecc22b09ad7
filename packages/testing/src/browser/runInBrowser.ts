import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { bundleEntry, tfjsWasmFolder } from './bundleEntry';
import type { Bundle } from './bundleEntry';
import { serveFolder } from './serveFolder';
import { watchPage } from './watchPage';

/** Settings of a run. */
export interface RunOptions {
  /** Whether the page is cross-origin isolated, so that WebAssembly has threads. Default true. */
  isolated?: boolean;
  /** Folders that are served besides, by path, as `models/`. Those of tfjs's WebAssembly are under `wasm/`. */
  mounts?: Readonly<Record<string, string>>;
  /** Texts of errors that are expected on the console. */
  allow?: readonly RegExp[];
  /** Called with each line that the page logs. */
  onLog?: (line: string) => void;
}

/** What is asked of the page: in a module that it loads itself, since a test's own code is changed by vitest. */
interface RunPage {
  runEntry(args: unknown): Promise<unknown>;
}

const pageOf = (entry: string) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>test</title>
<script type="module">globalThis.runEntry = async (args) => (await import('./${entry}')).run(args);</script>`;

const bundles = new Map<string, Promise<Bundle>>();

/** The bundle of a module, made once in a process: the tests of a file run the same one again and again. */
function bundleOf(entryFile: string): Promise<Bundle> {
  const bundle = bundles.get(entryFile) ?? bundleEntry(entryFile);
  bundles.set(entryFile, bundle);
  return bundle;
}

/**
 * Runs the exported function `run(args)` of a TypeScript module in a new page: it is bundled from source with all that
 * it imports, the workers that it starts, and the files that it names by `new URL(..., import.meta.url)`.
 *
 * @param browser Where, as `describeBrowser` gives it.
 * @param entryFile The module, a path or a `file:` URL: `new URL('./name.page.ts', import.meta.url)`.
 * @param args Plain data; typed arrays are kept.
 * @typeParam R What `run` returns, or a promise of: plain data likewise.
 * @throws Error with the page's own text if `run` throws, or anything is reported as an error meanwhile.
 */
export async function runInBrowser<R>(
  browser: Browser,
  entryFile: string | URL,
  args: unknown = null,
  options: RunOptions = {},
): Promise<R> {
  const path = entryFile instanceof URL || !isAbsolute(entryFile) ? fileURLToPath(entryFile) : entryFile;
  const { isolated = true, mounts = {}, allow = [], onLog } = options;
  const { entry, files } = await bundleOf(path);
  const server = await serveFolder(null, {
    isolated,
    files: new Map<string, string | Uint8Array>([...files, ['index.html', pageOf(entry)]]),
    mounts: { 'wasm/': tfjsWasmFolder(), ...mounts },
  });
  try {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      const watch = watchPage(page, allow);
      if (onLog !== undefined) {
        page.on('console', (message) => {
          onLog(message.text());
        });
      }
      await page.goto(server.url);
      const crashed = new Promise<never>((_, fail) => {
        page.on('crash', () => {
          fail(new Error('In the page: it crashed, as it does without memory.'));
        });
      });
      const result = page.evaluate((input) => (globalThis as unknown as RunPage).runEntry(input), args);
      const value = await Promise.race([result, crashed]).catch((error: unknown) => {
        const { message } = error as Error;
        throw new Error([`In the page: ${message}`, ...watch.problems].join('\n'), { cause: error });
      });
      watch.check();
      return value as R;
    } finally {
      await context.close();
    }
  } finally {
    await server.close();
  }
}
