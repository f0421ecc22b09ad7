import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { launchOf, programs, programsOn, SETUP_COMMAND } from './programs';

const find = (name: string) => programs.find((program) => program.name === name)!;

it('has a name of its own and a script for every program', () => {
  expect(new Set(programs.map(({ name }) => name)).size).toBe(programs.length);
  for (const program of programs) {
    const launch = launchOf(program, 'cli.js', { MEANFLOW_BENCH_PYTHON: 'python' });
    if ('absent' in launch) throw new Error(launch.absent);
    if ('python' in program.run) expect(existsSync(launch.args[1]!)).toBe(true);
  }
});
it('starts programs of this package in Node.js, and peers in the Python that is named', () => {
  expect(launchOf(find('ours'), 'cli.js')).toMatchObject({ command: process.execPath });
  const launch = launchOf(find('jax-huge'), 'cli.js', { MEANFLOW_BENCH_PYTHON: '/opt/python' });
  expect(launch).toMatchObject({
    command: '/opt/python',
    env: { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' },
  });
});
it('keeps programs on the CPU and on a GPU apart', () => {
  const [cpu, gpu] = (['cpu', 'gpu'] as const).map((device) => programsOn(device).map(({ name }) => name));
  expect(gpu).toEqual(['ours-webgpu', 'tfjs-webgpu', 'jax-cuda', 'torch-cuda', 'torch-compile-cuda']);
  expect(cpu).toHaveLength(programs.length - 5);
  const env = { MEANFLOW_BENCH_PYTHON: 'python' };
  expect(launchOf(find('jax'), 'cli.js', env)).toMatchObject({ env: { JAX_PLATFORMS: 'cpu' } });
  expect(launchOf(find('jax-huge'), 'cli.js', env)).toMatchObject({ env: { JAX_PLATFORMS: 'cpu' } });
  // float32 as ours, not TF32.
  expect(launchOf(find('jax-cuda'), 'cli.js', env)).toMatchObject({
    env: { JAX_PLATFORMS: 'cuda', JAX_DEFAULT_MATMUL_PRECISION: 'highest' },
  });
});
it('says how to get peers that are not installed', () => {
  expect(launchOf(find('jax'), 'cli.js', {}, 'nowhere')).toEqual({
    absent: 'the Python peers are not installed',
    fix: SETUP_COMMAND,
  });
  expect(launchOf(find('jax-cuda'), 'cli.js', {}, 'nowhere')).toMatchObject({
    fix: expect.stringContaining('built for CUDA') as string,
  });
});
