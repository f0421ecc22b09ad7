import { expect, it } from 'vitest';
import { buildCommand } from './command';

async function run(...args: string[]): Promise<{ out: string; err: string }> {
  const lines = { out: '', err: '' };
  const write = (stream: 'out' | 'err') => (text: string) => {
    lines[stream] += text;
  };
  const command = buildCommand({ out: write('out'), err: write('err'), cli: 'cli.js' });
  await command.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    lines.err ||= String(error);
  });
  return lines;
}

it('lists the programs', async () => {
  const { out } = await run('--list');
  expect(out).toMatch(/jax-huge +\| +JAX, jit, huge pages \| +peers\/jax_step.py \|/);
  expect(out).toMatch(/ours-fused .* TypeScript/);
  expect(out).toMatch(/torch-cuda .* peers\/torch_step.py cuda +\| +GPU \|/);
});
it.each([
  [['--only', 'ours,numpi'], 'There is no program numpi'],
  [['--case', 'sampeling'], 'There is no case sampeling'],
  [['--rounds', '0'], 'It must be a whole number of at least 1'],
  [['browser', '--engine', 'webgl'], 'There is no engine webgl: webgpu, wasm'],
  [['browser', '--network', 's2'], 'There is no network s2: digits, small'],
  [['browser', '--case', 'flow-matching'], 'There is no case flow-matching'],
  [['--network', 'xl'], 'Allowed choices are small, s2, b2, all'],
])('refuses %j', async (args, message) => {
  expect((await run(...args)).err).toContain(message);
});
