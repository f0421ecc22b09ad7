// @ts-check
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { difference, nodeComplaint, workspaceRoot } from './install.mjs';

describe('nodeComplaint', () => {
  it.each(['20.19.0', '20.20.2', '22.12.0', '24.0.0'])('accepts %s', (version) => {
    expect(nodeComplaint(version)).toBeNull();
  });
  it.each(['18.20.4', '20.18.3', '19.9.0'])('refuses %s in one sentence', (version) => {
    expect(nodeComplaint(version)).toMatch(
      new RegExp(`^Node.js 20.19 or newer is needed, and this is ${version}: .*\\.$`),
    );
  });
});

describe('difference', () => {
  const everywhere = {
    'node_modules/@meanflow/jvp': { link: true },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/a/node_modules/b': { version: '2.0.0', integrity: 'sha512-b' },
  };
  const locked = {
    packages: {
      '': { version: '0.1.0' },
      'packages/jvp': { version: '0.1.0' },
      'node_modules/@other/system': { version: '1.0.0', optional: true },
      ...everywhere,
    },
  };
  /** @param {Record<string, { version: string, integrity?: string }>} changes */
  const installed = (changes) => ({ packages: { ...everywhere, ...changes } });

  it('takes what is locked, less optional packages of other systems, for installed', () => {
    expect(difference(locked, installed({}))).toBeNull();
  });
  it('leaves additional packages alone', () => {
    expect(
      difference(locked, installed({ 'node_modules/@tensorflow/tfjs-node': { version: '4.22.0' } })),
    ).toBeNull();
  });
  it('names a missing package', () => {
    expect(difference(locked, { packages: {} })).toBe('@meanflow/jvp is missing');
  });
  it('names a package at another version', () => {
    expect(difference(locked, installed({ 'node_modules/a/node_modules/b': { version: '3.0.0' } }))).toBe(
      'b is at 3.0.0 instead of 2.0.0',
    );
  });
  it('notices another file under the same version', () => {
    const other = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-z' } };
    expect(difference(locked, installed(other))).toBe('a is another file than the locked one');
  });
});

describe('package-lock.json', () => {
  // npm leaves out what the registry does not have at that moment, and `npm ci` then fails everywhere.
  it('has an entry for every optional dependency, so that it serves every system', () => {
    /** @type {{ packages: Record<string, { optionalDependencies?: Record<string, string> }> }} */
    const { packages } = JSON.parse(readFileSync(`${workspaceRoot}/package-lock.json`, 'utf8'));
    const paths = Object.keys(packages);
    const optional = Object.values(packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    );
    expect(optional.length).toBeGreaterThan(0);
    expect(optional.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual(
      [],
    );
  });
});
