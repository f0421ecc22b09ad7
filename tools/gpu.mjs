// @ts-check
// npm run gpu: what tests of WebGPU and of the page need on a machine without a GPU. Chromium, a Vulkan driver that
// computes on the CPU (lavapipe, of Mesa 25 or newer: Dawn refuses older ones), and a font for text.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * @typedef {{ id: string, like: string[], codename: string, title: string }} Release
 * @typedef {{ chromium: string | null, lavapipe: string | null, font: boolean }} Present What is there: versions.
 * @typedef {{ apt: boolean, root: boolean, platform: string, release: Release }} System
 * @typedef {{ packages: string[], backports: string | null }} Plan Suite of `backports` for Mesa alone; null: as configured.
 */

/** The first Mesa whose lavapipe Dawn accepts. */
export const MESA = 25;

/** Releases whose own Mesa is too old while their backports have one. */
const backported = ['bookworm'];

/**
 * Reads /etc/os-release.
 *
 * @param {string} text
 * @returns {Release}
 */
export function parseRelease(text) {
  const fields = Object.fromEntries(
    [...text.matchAll(/^([A-Z_]+)=(["']?)(.*)\2$/gm)].map(([, name = '', , value = '']) => [name, value]),
  );
  return {
    id: fields['ID'] ?? '',
    like: (fields['ID_LIKE'] ?? '').split(' ').filter((word) => word !== ''),
    codename: fields['VERSION_CODENAME'] ?? '',
    title: fields['PRETTY_NAME'] ?? fields['ID'] ?? 'this system',
  };
}

/**
 * Whether a version of Mesa, as apt writes it, has a lavapipe that Dawn accepts.
 *
 * @param {string | null} version As in `25.0.7-2~bpo12+1` or `1:25.0.7`; null: not there.
 * @returns {boolean}
 */
export function isRecentMesa(version) {
  const [, major] = /^(?:\d+:)?(\d+)\./.exec(version ?? '') ?? [];
  return Number(major ?? 0) >= MESA;
}

/**
 * What is missing, in words.
 *
 * @param {Present} present
 * @returns {string[]}
 */
export function missing({ chromium, lavapipe, font }) {
  return [
    ...(chromium === null ? ['Chromium'] : []),
    ...(isRecentMesa(lavapipe) ? [] : [`lavapipe of Mesa ${MESA} or newer`]),
    ...(font ? [] : ['a font']),
  ];
}

/**
 * Why nothing can be installed here, in one sentence; null if it can.
 *
 * @param {System} system
 * @param {readonly string[]} lacks What {@link missing} says.
 * @returns {string | null}
 */
export function complaint({ apt, root, platform, release }, lacks) {
  const what = lacks.join(', ');
  if (platform !== 'linux')
    return `gpu: this installs on Linux alone, and ${what} is missing here: install Chrome from its own page; WebGPU uses the machine's GPU.`;
  if (!apt)
    return `gpu: this installs with apt, which ${release.title} does not have: install ${what} with its own package manager.`;
  if (!root) return `gpu: installing ${what} takes root: run it again with sudo, or ask who may.`;
  return null;
}

/**
 * Which packages to install.
 *
 * @param {Release} release
 * @param {Present} present
 * @param {{ mesa: string | null, chromium: string | null }} candidates Versions that apt offers as it is configured.
 * @returns {Plan}
 * @throws Error with one sentence if this release does not have what is missing.
 */
export function choose(release, present, candidates) {
  const packages = [...(present.font ? [] : ['fonts-dejavu-core'])];
  /** @type {string | null} */
  let backports = null;
  if (present.chromium === null) {
    // Ubuntu's packages of these names only point to a snap.
    if (release.id === 'ubuntu' || release.like.includes('ubuntu') || candidates.chromium === null)
      throw new Error(
        `gpu: ${release.title} has no package of Chromium: install Google Chrome, or \`snap install chromium\`, and try again.`,
      );
    packages.push('chromium');
  }
  if (!isRecentMesa(present.lavapipe)) {
    const isBackported = release.id === 'debian' && backported.includes(release.codename);
    if (isBackported) backports = `${release.codename}-backports`;
    else if (isRecentMesa(candidates.mesa)) packages.push('mesa-vulkan-drivers');
    else
      throw new Error(
        `gpu: ${release.title} offers Mesa ${candidates.mesa ?? 'not at all'}, and Dawn needs ${MESA} or newer: take a newer release, as Debian 12.`,
      );
  }
  return { packages, backports };
}

/**
 * Address of the archive that apt takes a release from; its own mirror is the one that this machine can reach.
 *
 * @param {readonly string[]} sources Texts of sources.list and of the files in sources.list.d, of both formats.
 * @param {string} codename
 * @returns {string}
 */
export function archiveOf(sources, codename) {
  for (const text of sources) {
    for (const stanza of text.split(/\n\s*\n/)) {
      const uri = /^URIs:\s*(\S+)/m.exec(stanza)?.[1];
      const suites = /^Suites:\s*(.*)$/m.exec(stanza)?.[1]?.split(/\s+/) ?? [];
      if (uri !== undefined && suites.includes(codename)) return uri;
    }
    for (const line of text.split('\n')) {
      const [, uri, suite] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? [];
      if (uri !== undefined && suite === codename) return uri;
    }
  }
  return 'http://deb.debian.org/debian';
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {string | null} What it prints; null if it fails.
 */
function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
  return status === 0 ? stdout.trim() : null;
}

/** @returns {string | null} */
function chromiumVersion() {
  const given = process.env['MEANFLOW_CHROMIUM'];
  if (given) return output(given, ['--version']);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).filter(existsSync);
  // A file of that name need not be one: see `choose`.
  for (const file of found) {
    const version = output(file, ['--version']);
    if (version !== null) return version;
  }
  return null;
}

/** @returns {string | null} */
function lavapipeVersion() {
  const folder = '/usr/share/vulkan/icd.d';
  const hasDriver = existsSync(folder) && readdirSync(folder).some((name) => /^lvp_icd.*\.json$/.test(name));
  if (!hasDriver) return null;
  // Where there is no dpkg nobody knows the version: take it for recent, and let the tests find out.
  return output('dpkg-query', ['-W', '-f=${Version}', 'mesa-vulkan-drivers']) ?? `${MESA}.0 or so`;
}

/** @returns {boolean} */
function hasFont() {
  const folders = ['/usr/share/fonts', '/usr/local/share/fonts'].filter(existsSync);
  return folders.some((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => /\.(ttf|otf|ttc)$/i.test(name)),
  );
}

/** @returns {Present} */
export function look() {
  const isLinux = process.platform === 'linux';
  return {
    chromium: chromiumVersion(),
    lavapipe: isLinux ? lavapipeVersion() : `${MESA}.0, not needed here`,
    font: !isLinux || hasFont(),
  };
}

/** @param {Present} present */
function show({ chromium, lavapipe, font }) {
  console.log(`browser   ${chromium ?? 'absent'}`);
  console.log(`lavapipe  ${lavapipe === null ? 'absent' : `Mesa ${lavapipe}`}`);
  console.log(`font      ${font ? 'present' : 'absent'}`);
}

/** @param {readonly string[]} args */
function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  console.log(`apt-get ${args.join(' ')}`);
  const { status } = spawnSync('apt-get', ['-q', ...args], { stdio: 'inherit', env });
  if (status !== 0) throw new Error(`gpu: apt-get ended with ${String(status)}: see its message above.`);
}

/**
 * @param {string} name
 * @returns {string | null} The version that apt would install.
 */
function candidate(name) {
  const version = /Candidate:\s*(\S+)/.exec(output('apt-cache', ['policy', name]) ?? '')?.[1] ?? '(none)';
  return version === '(none)' ? null : version;
}

/**
 * Installs Mesa from the backports, which are a source for this installation alone.
 *
 * @param {string} suite
 * @param {Release} release
 */
function installBackport(suite, { codename }) {
  const list = '/etc/apt/sources.list';
  const parts = '/etc/apt/sources.list.d';
  const files = [
    ...(existsSync(list) ? [list] : []),
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ];
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-gpu-'));
  try {
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
    const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
    const source = join(folder, 'sources.list');
    const own = existsSync(list) ? readFileSync(list, 'utf8') : '';
    const isThere = texts.some((text) => text.includes(suite));
    const line = `deb ${signed}${archiveOf(texts, codename)} ${suite} main\n`;
    writeFileSync(source, isThere ? own : `${own}\n${line}`);
    const options = ['-o', `Dir::Etc::SourceList=${source}`];
    apt([...options, 'update']);
    apt([...options, 'install', '-y', '--no-install-recommends', '-t', suite, 'mesa-vulkan-drivers']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function main() {
  const args = process.argv.slice(2);
  if (args.length > 0) throw new Error(`gpu: there are no options, got ${args.join(' ')}: leave them out.`);
  const present = look();
  const lacks = missing(present);
  if (lacks.length === 0) {
    show(present);
    console.log('Nothing is missing.');
    return;
  }
  console.log(`Missing: ${lacks.join(', ')}.`);
  const release = parseRelease(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '');
  const system = {
    apt: output('apt-get', ['--version']) !== null,
    root: process.getuid?.() === 0,
    platform: process.platform,
    release,
  };
  const reason = complaint(system, lacks);
  if (reason !== null) throw new Error(reason);
  apt(['update']);
  const candidates = { mesa: candidate('mesa-vulkan-drivers'), chromium: candidate('chromium') };
  const { packages, backports } = choose(release, present, candidates);
  if (packages.length > 0) apt(['install', '-y', '--no-install-recommends', ...packages]);
  if (backports !== null) installBackport(backports, release);
  const now = look();
  show(now);
  const still = missing(now);
  if (still.length > 0)
    throw new Error(`gpu: installed, and ${still.join(', ')} is still missing: see above.`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
