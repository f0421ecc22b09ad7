// Puts the built page where others can open it. It works under any path, so nothing is told where it will lie.
//
//   node apps/web-demo/tools/deploy.mjs folder PATH          a folder for Netlify, Cloudflare Pages or any static host
//   node apps/web-demo/tools/deploy.mjs pages [REMOTE]       the branch gh-pages of a remote, for GitHub Pages
//   node apps/web-demo/tools/deploy.mjs spaces OWNER/NAME    a static Space of Hugging Face; HF_TOKEN is a token for it
//
// --dry-run makes everything, says what it would push, and pushes nothing. --no-build takes dist as it is.
import { Blob } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildIfNeeded, dist } from './build.mjs';
import { headersFor, headersOf } from './headers.mjs';

const USAGE = 'Usage: deploy.mjs folder PATH | pages [REMOTE] | spaces OWNER/NAME [--dry-run] [--no-build]';

/**
 * Ends with a sentence.
 *
 * @param {string} sentence
 * @param {number} [code]
 * @returns {never}
 */
function fail(sentence, code = 2) {
  console.error(sentence);
  process.exit(code);
}

const { values, positionals } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        'no-build': { type: 'boolean', default: false },
        from: { type: 'string', default: dist },
      },
    });
  } catch (error) {
    return fail(`deploy: ${error instanceof Error ? error.message : String(error)} ${USAGE}`);
  }
})();
const [target, place, ...others] = positionals;
const isDry = values['dry-run'];
if (others.length > 0) fail(`deploy: there must be one place, got ${others.length + 1}. ${USAGE}`);

/**
 * Runs git and returns what it prints; ends if it fails.
 *
 * @param {string} folder
 * @param {...string} args
 */
function git(folder, ...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) fail(`deploy: git ${args[0]} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`, 1);
  return stdout.trim();
}

/**
 * The page in a folder of its own, with more files, as a commit without history.
 *
 * @param {Record<string, string>} files By path.
 */
function commitOf(files) {
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-deploy-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  cpSync(values.from, folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  git(folder, 'init', '--quiet', '--initial-branch', 'main');
  git(folder, 'add', '--all', '--force');
  const author = [
    '-c',
    'user.name=deploy',
    '-c',
    'user.email=deploy@localhost',
    '-c',
    'commit.gpgsign=false',
  ];
  git(folder, ...author, 'commit', '--quiet', '--message', 'Deploy the page');
  const list = git(folder, 'ls-files').split('\n');
  return { folder, list };
}

/**
 * Pushes a commit over a branch, or says that it would.
 *
 * @param {{ folder: string, list: string[] }} commit
 * @param {string} url
 * @param {string} branch
 */
function push({ folder, list }, url, branch) {
  const what = `${list.length} files to the branch ${branch} of ${url}`;
  if (isDry) {
    console.log(`Would push ${what}:\n${list.map((path) => `  ${path}`).join('\n')}`);
    return;
  }
  git(folder, 'push', '--force', '--quiet', url, `HEAD:refs/heads/${branch}`);
  console.log(`Pushed ${what}.`);
}

/** @param {string | undefined} path */
function toFolder(path) {
  if (path === undefined) fail(`deploy: a folder must be named. ${USAGE}`);
  const to = resolve(path);
  if (existsSync(to) && readdirSync(to).length > 0 && !existsSync(join(to, 'sw.js')))
    fail(`deploy: ${to} must be new, empty, or hold an earlier page, and it has other files.`);
  if (isDry) {
    console.log(
      `Would write ${readdirSync(values.from, { recursive: true }).length} files and folders to ${to}.`,
    );
    return;
  }
  rmSync(to, { recursive: true, force: true });
  cpSync(values.from, to, { recursive: true });
  console.log(`The page is in ${to}; its _headers file is read by Netlify and Cloudflare Pages.`);
}

/** @param {string} [remote] */
function toPages(remote = 'origin') {
  const isName = /^[\w.-]+$/.test(remote);
  const url = isName ? git(process.cwd(), 'remote', 'get-url', remote) : remote;
  // GitHub would leave out what begins with an underscore; it sends no headers: the service worker adds them.
  push(commitOf({ '.nojekyll': '' }), url, 'gh-pages');
}

/** @param {string | undefined} name */
async function toSpaces(name) {
  if (name === undefined || !/^[\w.-]+\/[\w.-]+$/.test(name))
    fail(`deploy: a Space must be named as OWNER/NAME, got ${name ?? 'nothing'}. ${USAGE}`);
  const headers = headersFor(headersOf(values.from), '/');
  const isolation = Object.entries(headers)
    .map(([key, value]) => [key.toLowerCase(), value])
    .filter(([key]) => key?.startsWith('cross-origin-'));
  const readme = [
    '---',
    'title: MeanFlow',
    'emoji: 🎲',
    'colorFrom: red',
    'colorTo: gray',
    'sdk: static',
    'app_file: index.html',
    'pinned: false',
    'license: mit',
    'short_description: An image in one network call, in your browser',
    'custom_headers:',
    ...isolation.map(([key, value]) => `  ${key}: ${value}`),
    '---',
    '',
    'MeanFlow draws an image in one network call, in the browser. Everything is computed on the visitor’s device.',
    '',
  ].join('\n');
  const paths = readdirSync(values.from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name: file }) => join(parentPath, file));
  if (isDry) {
    const list = ['README.md', ...paths.map((path) => relative(values.from, path))];
    console.log(`Would upload ${list.length} files to the Space ${name}, with this README.md:\n${readme}`);
    return;
  }
  const { HF_TOKEN: accessToken = '' } = process.env;
  if (accessToken === '') fail('deploy: HF_TOKEN must hold a token that may write, got none.');
  // The hub refuses binary files that git pushes; its client sends them the other way.
  const { createRepo, repoExists, uploadFiles } = await import('@huggingface/hub');
  const repo = { type: /** @type {const} */ ('space'), name };
  const files = paths.map((path) => ({
    path: relative(values.from, path).replaceAll('\\', '/'),
    content: new Blob([new Uint8Array(readFileSync(path))]),
  }));
  try {
    if (!(await repoExists({ repo, accessToken }))) await createRepo({ repo, accessToken, sdk: 'static' });
    await uploadFiles({
      repo,
      accessToken,
      files: [...files, { path: 'README.md', content: new Blob([readme]) }],
      commitTitle: 'Deploy the page',
    });
  } catch (error) {
    fail(`deploy: the hub cannot be written: ${error instanceof Error ? error.message : String(error)}.`, 1);
  }
  console.log(`Uploaded ${files.length + 1} files: https://huggingface.co/spaces/${name}`);
}

const targets = { folder: toFolder, pages: toPages, spaces: toSpaces };
if (target === undefined || !Object.hasOwn(targets, target))
  fail(`deploy: the first word must be folder, pages or spaces, got ${target ?? 'nothing'}. ${USAGE}`);
if (!values['no-build'] && values.from === dist) buildIfNeeded();
if (!existsSync(join(values.from, 'index.html')))
  fail(`deploy: ${values.from} must hold a built page, and it does not.`);
await targets[/** @type {keyof typeof targets} */ (target)](place);
