import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { headersFor, readHeaders } from '../../tools/headers.mjs';
import { isolationHeaders } from '../offline/strategy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const tools = fileURLToPath(new URL('../../tools', import.meta.url));
const headers = readFileSync(fileURLToPath(new URL('../../public/_headers', import.meta.url)), 'utf8');
let folder = '';
let built = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-page-'));
  built = join(folder, 'built');
  mkdirSync(join(built, 'assets'), { recursive: true });
  const files = { 'index.html': '<!doctype html>', 'sw.js': '', 'assets/a.wasm': '', _headers: headers };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(built, name), text);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function deploy(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(tools, 'deploy.mjs'), ...args, '--from', built],
    {
      encoding: 'utf8',
      env: { ...process.env, HF_TOKEN: undefined },
    },
  );
  return { code: status, out: stdout, err: stderr };
}

it('has the headers that the service worker adds', () => {
  expect(headersFor(readHeaders(headers), '/')).toMatchObject(isolationHeaders);
});

describe('deploy folder', () => {
  it('copies the page, and replaces an earlier one', () => {
    const to = join(folder, 'site');
    expect(deploy('folder', to, '--dry-run').out).toContain(`files and folders to ${to}.`);
    expect(existsSync(to)).toBe(false);
    expect(deploy('folder', to).code).toBe(0);
    writeFileSync(join(to, 'left-over.js'), '');
    expect(deploy('folder', to).code).toBe(0);
    expect(existsSync(join(to, 'left-over.js'))).toBe(false);
    expect(readFileSync(join(to, '_headers'), 'utf8')).toBe(headers);
  });
  it('keeps out of folders with other files', () => {
    const to = join(folder, 'notes');
    mkdirSync(to);
    writeFileSync(join(to, 'mine.txt'), '');
    expect(deploy('folder', to)).toMatchObject({
      code: 2,
      err: expect.stringContaining('and it has other files.') as string,
    });
  });
});

describe('deploy pages', () => {
  it('pushes the page alone to gh-pages', () => {
    const remote = join(folder, 'remote.git');
    execFileSync('git', ['init', '--quiet', '--bare', remote]);
    const list = () =>
      execFileSync('git', ['-C', remote, 'ls-tree', '-r', '--name-only', 'gh-pages'], { encoding: 'utf8' });
    expect(deploy('pages', remote, '--dry-run').out).toContain(
      `Would push 5 files to the branch gh-pages of ${remote}`,
    );
    expect(() => list()).toThrow();
    expect(deploy('pages', remote).code).toBe(0);
    expect(deploy('pages', remote).code).toBe(0); // over the one before
    expect(list().trim().split('\n')).toEqual([
      '.nojekyll',
      '_headers',
      'assets/a.wasm',
      'index.html',
      'sw.js',
    ]);
  });
  it('says what git says', () => {
    expect(deploy('pages', join(folder, 'nowhere.git')).err).toMatch(/^deploy: git push failed: /);
  });
});

describe('deploy spaces', () => {
  it('writes the README that a static Space needs, with the headers that isolate', () => {
    const { out, code } = deploy('spaces', 'ann/demo', '--dry-run');
    expect(code).toBe(0);
    expect(out).toContain('Would upload 5 files to the Space ann/demo');
    expect(out).toContain('sdk: static');
    expect(out).toMatch(
      /custom_headers:\n {2}cross-origin-opener-policy: same-origin\n {2}cross-origin-embedder-policy: require-corp/,
    );
  });
  it('needs a name and a token', () => {
    expect(deploy('spaces', 'ann').err).toContain('a Space must be named as OWNER/NAME, got ann.');
    expect(deploy('spaces', 'ann/demo').err).toBe(
      'deploy: HF_TOKEN must hold a token that may write, got none.\n',
    );
  });
});

it('says what it does not know', () => {
  expect(deploy('moon').err).toContain('the first word must be folder, pages or spaces, got moon.');
  expect(deploy('folder', 'a', 'b').err).toContain('there must be one place, got 2.');
  expect(deploy('--hurry').code).toBe(2);
});

describe('serve', () => {
  async function withServer(args: string[], use: (url: string) => Promise<void>): Promise<void> {
    const child = spawn(process.execPath, [
      join(tools, 'serve.mjs'),
      '--no-build',
      '--port',
      '0',
      '--folder',
      built,
      ...args,
    ]);
    try {
      const url = await new Promise<string>((resolve, reject) => {
        child.stdout.once('data', (data: Buffer) => {
          resolve(data.toString().trim());
        });
        child.once('exit', () => {
          reject(new Error('it ended'));
        });
      });
      await use(url);
    } finally {
      child.kill();
    }
  }
  it('serves with the headers of the page, under any path', async () => {
    await withServer(['--prefix', 'some/path'], async (url) => {
      expect(url).toMatch(/\/some\/path\/$/);
      const page = await fetch(url);
      expect(await page.text()).toBe('<!doctype html>');
      expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      const wasm = await fetch(new URL('assets/a.wasm', url));
      expect(wasm.headers.get('content-type')).toBe('application/wasm');
      expect(wasm.headers.get('cache-control')).toContain('immutable');
      expect((await fetch(new URL('/', url))).status).toBe(404);
      expect((await fetch(new URL('..%2f..%2fpackage.json', url))).status).toBe(404);
    });
  });
  it('serves without the headers when asked, as a host that cannot send them', async () => {
    await withServer(['--bare'], async (url) => {
      expect((await fetch(url)).headers.get('cross-origin-opener-policy')).toBeNull();
    });
  });
});
