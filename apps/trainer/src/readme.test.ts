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

/** Commands of the README without their comments. */
const commands = [...readme.matchAll(/^meanflow ([^#\n]+)/gm)].map(([, args = '']) =>
  args.trim().split(/ +/),
);
const isRun = (args: readonly string[]) => args.some((arg) => arg.startsWith('runs/moons'));

it('has an example that works', async () => {
  const example = commands.filter(isRun);
  expect(example.map(([name]) => name)).toEqual(['train', 'sample']);
  for (const args of example) {
    const { code, err } = await run(...args.map((arg) => arg.replace(/^runs/, folder)), '--threads', '1');
    expect([code, err]).toEqual([0, '']);
  }
  expect(existsSync(join(folder, 'moons', 'samples.png'))).toBe(true);
});

it.each(commands.filter((args) => !isRun(args)).map((args) => [args.join(' '), args] as const))(
  'shows a command with options that it has: %s',
  async (_, [name = '', ...rest]) => {
    const command = name === 'dataset' ? [name, rest[0] ?? ''] : [name];
    const { out } = await run(...command, '--help');
    for (const option of rest.filter((arg) => arg.startsWith('--'))) expect(out).toContain(`${option} `);
  },
);

it('names every preset', () => {
  for (const name of Object.keys(presets)) expect(readme).toContain(`\`${name}\``);
});
