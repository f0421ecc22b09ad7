import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from './cli.testdata';
import { presets } from './config/presets';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-readme-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('has an example that works', async () => {
  const commands = [...readme.matchAll(/^meanflow (.+)$/gm)].map(([, args = '']) => args.split(' '));
  expect(commands.map(([name]) => name)).toEqual(['train', 'sample']);
  for (const args of commands) {
    const { code, err } = await run(...args.map((arg) => arg.replace(/^runs/, folder)), '--threads', '1');
    expect([code, err]).toEqual([0, '']);
  }
  expect(existsSync(join(folder, 'moons', 'samples.png'))).toBe(true);
});

it('names every preset', () => {
  for (const name of Object.keys(presets)) expect(readme).toContain(`\`${name}\``);
});
