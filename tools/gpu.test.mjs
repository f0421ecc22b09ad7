// @ts-check
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { archiveOf, choose, complaint, isRecentMesa, missing, parseRelease } from './gpu.mjs';

const debian = parseRelease(
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_CODENAME=bookworm\nID=debian\n',
);
const trixie = { ...debian, codename: 'trixie', title: 'Debian GNU/Linux 13 (trixie)' };
const ubuntu = parseRelease(
  'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\nPRETTY_NAME="Ubuntu 24.04"\n',
);
const nothing = { chromium: null, lavapipe: null, font: false };
const all = { chromium: 'Chromium 150', lavapipe: '25.0.7-2', font: true };
const offered = { mesa: '25.0.7-2', chromium: '150' };

describe('parseRelease', () => {
  it('reads names with and without quotes', () => {
    expect(debian).toEqual({
      id: 'debian',
      like: [],
      codename: 'bookworm',
      title: 'Debian GNU/Linux 12 (bookworm)',
    });
    expect(ubuntu.like).toEqual(['debian']);
    expect(parseRelease('')).toEqual({ id: '', like: [], codename: '', title: 'this system' });
  });
});

describe('isRecentMesa', () => {
  it.each(['25.0.7-2~bpo12+1', '1:25.2.0-1', '26.0.0'])('accepts %s', (version) => {
    expect(isRecentMesa(version)).toBe(true);
  });
  it.each(['22.3.6-1+deb12u2', '24.3.4', '2.5.0', '', null])('refuses %s', (version) => {
    expect(isRecentMesa(version)).toBe(false);
  });
});

describe('missing', () => {
  it('names what is not there, an old driver among it', () => {
    expect(missing(all)).toEqual([]);
    expect(missing(nothing)).toEqual(['Chromium', 'lavapipe of Mesa 25 or newer', 'a font']);
    expect(missing({ ...all, lavapipe: '22.3.6' })).toEqual(['lavapipe of Mesa 25 or newer']);
  });
});

describe('complaint', () => {
  const system = { apt: true, root: true, platform: 'linux', release: debian };
  it('has none where apt and root are there', () => {
    expect(complaint(system, ['Chromium'])).toBeNull();
  });
  it('is one sentence that says what to do', () => {
    expect(complaint({ ...system, root: false }, ['Chromium', 'a font'])).toBe(
      'gpu: installing Chromium, a font takes root: run it again with sudo, or ask who may.',
    );
    expect(complaint({ ...system, apt: false }, ['a font'])).toMatch(
      /does not have: install a font with its own/,
    );
    expect(complaint({ ...system, platform: 'darwin' }, ['Chromium'])).toMatch(/on Linux alone/);
  });
});

describe('choose', () => {
  it('takes Mesa from the backports of Debian 12, and from the release where that has it', () => {
    const old = { ...offered, mesa: '22.3.6-1' };
    expect(choose(debian, nothing, old)).toEqual({
      packages: ['fonts-dejavu-core', 'chromium'],
      backports: 'bookworm-backports',
    });
    expect(choose(trixie, nothing, offered)).toEqual({
      packages: ['fonts-dejavu-core', 'chromium', 'mesa-vulkan-drivers'],
      backports: null,
    });
  });
  it('leaves what is there alone', () => {
    expect(choose(debian, all, offered)).toEqual({ packages: [], backports: null });
    expect(choose(debian, { ...all, font: false }, offered).packages).toEqual(['fonts-dejavu-core']);
  });
  it('says which release does not have it', () => {
    expect(() => choose(ubuntu, nothing, offered)).toThrow(/^gpu: Ubuntu 24.04 has no package of Chromium: /);
    const lacksMesa = { ...all, lavapipe: null };
    expect(choose(ubuntu, lacksMesa, offered).packages).toEqual(['mesa-vulkan-drivers']);
    expect(() => choose(ubuntu, lacksMesa, { ...offered, mesa: '24.0.5' })).toThrow(
      /Ubuntu 24.04 offers Mesa 24.0.5, and Dawn needs 25 or newer/,
    );
  });
});

describe('archiveOf', () => {
  it('finds the mirror in both formats, and else takes the archive itself', () => {
    const stanza =
      'Types: deb\nURIs: http://mirror/debian\nSuites: bookworm bookworm-updates\nComponents: main\n';
    const other = 'Types: deb\nURIs: http://security/debian\nSuites: bookworm-security\n';
    expect(archiveOf([`${other}\n\n${stanza}`], 'bookworm')).toBe('http://mirror/debian');
    expect(
      archiveOf(['# deb http://no x\ndeb [arch=amd64] http://line/debian bookworm main\n'], 'bookworm'),
    ).toBe('http://line/debian');
    expect(archiveOf([other], 'bookworm')).toBe('http://deb.debian.org/debian');
  });
});

it('refuses options, for it has none', () => {
  const script = fileURLToPath(new URL('gpu.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--dry-run'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, 'gpu: there are no options, got --dry-run: leave them out.\n']);
});
