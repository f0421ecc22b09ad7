import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleEntry, describeBrowser, findChromium, runInBrowser, serveFolder, watchPage } from '.';
import { checkChromium } from './findChromium';
import { chromiumFlags } from './launchChromium';
import type { Request } from './testdata/echo.page';

const folder = mkdtempSync(join(tmpdir(), 'meanflow-browser-'));
beforeAll(() => {
  mkdirSync(join(folder, 'site', 'sub'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'site', 'index.html'), '<!doctype html><title>top</title><p>hello');
  writeFileSync(join(folder, 'site', 'sub', 'index.html'), '<!doctype html><title>sub</title>');
  writeFileSync(join(folder, 'site', 'a b.json'), '{"x":1}');
  writeFileSync(join(folder, 'site', 'm.wasm'), new Uint8Array([0, 97, 115, 109]));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const page = new URL('./testdata/echo.page.ts', import.meta.url);

describe('findChromium', () => {
  const script = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  it('takes the one that the environment names, then that of PATH, then the usual places', () => {
    const found = script('chromium-browser', 'echo 1');
    const place = script('elsewhere', 'echo 1');
    const env = { PATH: `/nowhere:${folder}` };
    expect(findChromium({ ...env, MEANFLOW_CHROMIUM: '/mine' })).toBe('/mine');
    expect(findChromium(env, [place])).toBe(found);
    expect(findChromium({ PATH: '/nowhere' }, ['/nowhere/chrome', place])).toBe(place);
    expect(findChromium({}, [])).toBeNull();
  });

  it('says why there is none', () => {
    expect(checkChromium(null)).toMatch(/^Chromium is not installed; npm run gpu brings it/);
    expect(checkChromium(join(folder, 'absent'))).toMatch(/absent is not a program/);
    expect(checkChromium(folder)).toMatch(/is not a program/);
    const stub = script('stub', 'echo "requires the chromium snap to be installed" >&2; exit 1');
    expect(checkChromium(stub)).toMatch(/stub does not start: requires the chromium snap to be installed; /);
    expect(checkChromium(script('silent', 'exit 3'))).toMatch(/silent does not start: it ended with 3/);
    expect(checkChromium(script('good', 'echo Chromium 1'))).toBeNull();
  });
});

describe('chromiumFlags', () => {
  it('has ANGLE leave SwiftShader for a GPU, where it would take it', () => {
    expect(chromiumFlags('gpu', 'linux')).toEqual([
      ...chromiumFlags('gpu', 'darwin'),
      '--use-angle=vulkan',
      '--disable-vulkan-surface',
      '--disable-gpu-compositing',
    ]);
    expect(chromiumFlags('gpu', 'win32')).toContain('--ignore-gpu-blocklist');
    expect(chromiumFlags('software', 'linux')).toEqual(chromiumFlags('software', 'darwin'));
  });
});

describe('serveFolder', () => {
  it('serves files by type, indexes of folders, and nothing outside', async () => {
    const server = await serveFolder(join(folder, 'site'), { headers: { 'x-test': 'yes' } });
    try {
      const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);
      const top = await get('');
      expect([top.status, top.headers.get('content-type'), top.headers.get('x-test')]).toEqual([
        200,
        'text/html; charset=utf-8',
        'yes',
      ]);
      expect(await top.text()).toContain('hello');
      expect(await (await get('sub/')).text()).toContain('sub');
      expect(await (await get('a%20b.json?v=1')).json()).toEqual({ x: 1 });
      expect((await get('m.wasm')).headers.get('content-type')).toBe('application/wasm');
      expect((await get('m.wasm', { method: 'HEAD' })).headers.get('content-length')).toBe('4');
      expect((await get('m.wasm', { method: 'POST' })).status).toBe(405);
      expect((await get('%2e%2e%2fsecret.txt')).status).toBe(404);
      expect((await get('%ff')).status).toBe(400);
      expect((await get('absent.js')).status).toBe(404);
      expect(server.missing).toContain('/absent.js');
      expect(top.headers.get('cross-origin-opener-policy')).toBeNull();
    } finally {
      await server.close();
    }
  });

  it('serves under a path, isolated, with files from memory and other folders', async () => {
    const server = await serveFolder(null, {
      prefix: '/deep/er/',
      isolated: true,
      files: new Map([['index.html', 'from memory']]),
      mounts: { 'data/': join(folder, 'site') },
    });
    try {
      expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/deep\/er\/$/);
      const answer = await fetch(server.url.slice(0, -1)); // redirected
      expect(await answer.text()).toBe('from memory');
      expect(answer.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      expect((await fetch(`${server.url}data/m.wasm`)).status).toBe(200);
      expect((await fetch(new URL('/index.html', server.url))).status).toBe(404);
    } finally {
      await server.close();
    }
    await expect(serveFolder(null, { prefix: 'x' })).rejects.toThrow(
      'serveFolder: prefix must begin and end with a slash, got x.',
    );
  });

  it('goes offline and comes back at the same address', async () => {
    const server = await serveFolder(join(folder, 'site'));
    await fetch(server.url);
    await server.offline();
    await expect(fetch(server.url)).rejects.toThrow();
    await server.online();
    expect((await fetch(server.url)).status).toBe(200);
    await server.close();
    await server.close();
  });
});

describe('bundleEntry', () => {
  it('brings workers along', async () => {
    const { entry, files } = await bundleEntry(new URL(page).pathname);
    expect(entry).toBe('echo.page.entry.js');
    const worker = [...files.keys()].find((name) => name.endsWith('double.worker.js'));
    expect(new TextDecoder().decode(files.get(worker!))).toContain('2 * x');
    expect(new TextDecoder().decode(files.get(entry))).toContain(`new URL("./${worker}"`);
  });

  it('says what cannot be bundled', async () => {
    const file = join(folder, 'bad.ts');
    writeFileSync(file, `import './absent'; export const run = () => 1;`);
    await expect(bundleEntry(file)).rejects.toThrow('Could not resolve "./absent"');
  });
});

describeBrowser('runInBrowser', (browser, mode) => {
  const ask = (request: Request, options = {}) => runInBrowser(browser(), page, request, options);

  it('passes plain data and typed arrays there and back, in an isolated page', async () => {
    const value = { a: [1, null, 'x'], b: new Float32Array([1.5, -2]) };
    expect(await ask({ kind: 'echo', value })).toEqual({ value, isolated: true });
    expect(await ask({ kind: 'echo', value: 1 }, { isolated: false })).toMatchObject({ isolated: false });
  });

  it('fails with the errors of the page', async () => {
    await expect(ask({ kind: 'throw' })).rejects.toThrow(/In the page: .*RangeError: thrown in the page/);
    await expect(ask({ kind: 'reject' })).rejects.toThrow(/uncaught: Error: nobody waits for this/);
    await expect(ask({ kind: 'log', text: 'mistake 7' })).rejects.toThrow('console.error: mistake 7');
    expect(await ask({ kind: 'log', text: 'mistake 7' }, { allow: [/mistake \d/] })).toBeNull();
  });

  it('starts workers', async () => {
    expect(await ask({ kind: 'worker', value: 21 })).toBe(42);
  });

  it('serves files that modules import by ?url', async () => {
    expect(await ask({ kind: 'file' })).toContain('export const twice = (x: number)');
  });

  it('has WebGPU as asked', async () => {
    expect(await ask({ kind: 'adapter' })).toBe(mode === 'off' ? null : 'swiftshader');
  });

  it('computes with tfjs', async () => {
    const backend = mode === 'off' ? 'wasm' : 'webgpu';
    expect(await ask({ kind: 'product', backend })).toEqual({ backend, values: [3, 2, 7, 4] });
  });

  it('opens pages that are watched', async () => {
    const server = await serveFolder(join(folder, 'site'));
    const opened = await browser().newPage();
    const watch = watchPage(opened);
    await opened.goto(server.url);
    expect(await opened.title()).toBe('top');
    watch.check();
    await opened.evaluate(() => fetch('absent.json').then(() => null));
    await expect.poll(() => watch.problems.length).toBe(1);
    expect(() => {
      watch.check();
    }).toThrow(/404/);
    await opened.close();
    await server.close();
  });
});
