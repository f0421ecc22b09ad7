import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { drawInputs, encodeInputs } from '../inputs';
import { networks } from '../networks';
import { assertGpu } from './adapter';
import { browserPrograms, contestsOf, contestTitle, targetOf } from './programs';
import { formatBrowser, speedup } from './reportBrowser';
import type { BrowserMeasured, BrowserReport } from './runBrowser';
import { valueDifference } from './valueDifference';

const find = (name: string) => browserPrograms.find((program) => program.name === name)!;
const measured = (name: string, ms: number[], difference = 1e-6): BrowserMeasured => ({
  ...{ program: find(name), ms, difference, firstMs: 100, versions: {} },
});

it('compares like with like', () => {
  const choice = { engines: ['webgpu', 'wasm'] as const, networks: null, cpus: 2, gpu: false };
  expect(contestsOf(choice)).toEqual([
    { engine: 'webgpu', threads: 1, network: 'digits' },
    { engine: 'wasm', threads: 1, network: 'small' },
    { engine: 'wasm', threads: 2, network: 'small' },
  ]);
  expect(contestsOf({ ...choice, engines: ['webgpu'], gpu: true })[0]?.network).toBe('small');
  expect(contestsOf({ ...choice, engines: ['wasm'], cpus: 1, networks: ['digits'] })).toEqual([
    { engine: 'wasm', threads: 1, network: 'digits' },
  ]);
  expect(contestTitle({ engine: 'wasm', threads: 4 })).toBe('WebAssembly, 4 threads');
  expect([targetOf('webgpu', 'meanflow'), targetOf('wasm', 'sampling')]).toEqual([2, 1]);
});

it('takes no software for a GPU', () => {
  const refused =
    (name: string, isFallback = false) =>
    () => {
      assertGpu({ name, isFallback });
    };
  expect(refused('nvidia hopper')).not.toThrow();
  expect(refused('intel gen-12lp')).not.toThrow();
  expect(refused('google swiftshader')).toThrow(
    'browser: with --gpu a GPU must compute WebGPU, got google swiftshader, which computes on the CPU. ',
  );
  expect(refused('mesa llvmpipe (LLVM 15)')).toThrow('on the CPU');
  expect(refused('nvidia hopper', true)).toThrow('on the CPU');
  expect(refused('none')).toThrow('browser: with --gpu a GPU must compute WebGPU, found none. ');
});

it('finds differences of losses, of samples, and those that hide', () => {
  expect(valueDifference([2, 4], [2, 5])).toBe(0.25);
  expect(valueDifference([Float32Array.of(1, -4)], [Float32Array.of(1, -3)])).toBe(0.25);
  expect(valueDifference([Float32Array.of(1, -4)], [Float32Array.of(NaN, -4)])).toBeNaN();
  expect(valueDifference([Float32Array.of(1, -4)], [Float32Array.of(1)])).toBeNaN();
  expect(valueDifference([1], [Float32Array.of(1)])).toBeNaN();
  expect(valueDifference([1], [NaN])).toBeNaN();
  expect(valueDifference([], [])).toBeNaN();
});

it('compares with the best of the others whose values are right', () => {
  const outcomes = [
    measured('ours', [10, 12, 11]),
    measured('tfjs', [44, 50, 40]),
    measured('jax-js', [33, 30, 36]),
    measured('onnxruntime', [5, 5, 5], NaN),
  ];
  expect(speedup({ outcomes })).toEqual({ ratio: 3, of: 'jax-js, du/dt where r < t' });
  expect(speedup({ outcomes: outcomes.slice(0, 1) })).toBeNull();
});

it('writes a table for each comparison, with what is missing and why', () => {
  const contest = { engine: 'webgpu', threads: 1, network: 'digits' } as const;
  const report: BrowserReport = {
    ...{ schema: 1, date: '2026-01-01', browser: 'Chromium 1', adapter: 'google swiftshader', rounds: 3 },
    machine: { cpu: 'a CPU', cpus: 2, memoryGiB: 8, system: 'linux', node: '20', commit: 'abc' },
    load: { before: 0, after: 1 },
    packages: { '@jax-js/jax': '0.1' },
    results: [
      {
        ...{ case: 'sampling', contest },
        outcomes: [
          measured('ours', [10]),
          measured('tfjs', [30]),
          { program: find('onnxruntime'), absent: 'python3 does not start' },
        ],
      },
      { ...{ case: 'meanflow', contest }, outcomes: [measured('ours', [40]), measured('tfjs', [60], 0.5)] },
    ],
  };
  const text = formatBrowser(report, 'npm run bench -- browser');
  expect(text).toMatch(/\| ours +\| +10.0 \| +40.0 \| +yes \|/);
  expect(text).toMatch(/\| plain tfjs +\| +30.0 \| +60.0 \| +NO \|/);
  expect(text).toContain('- 1-NFE sampling: ours is 3.00x as fast as plain tfjs (target 1.5x: met).');
  expect(text).toContain('- MeanFlow: nothing to compare.');
  expect(text).toContain('- 1-NFE sampling, onnxruntime-web: python3 does not start.');
  expect(text).toContain('WebGPU adapter: google swiftshader; @jax-js/jax 0.1; commit abc');
});

const python = process.env['MEANFLOW_PYTHON'] ?? 'python3';
const hasPython = spawnSync(python, ['--version']).status === 0;
it.skipIf(!hasPython)('writes the network with its weights as ONNX, twice the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-onnx-'));
  try {
    const inputs = drawInputs(networks.digits);
    const file = join(folder, 'inputs.safetensors');
    writeFileSync(file, encodeInputs(inputs));
    const script = fileURLToPath(new URL('../../peers/write_onnx.py', import.meta.url));
    const write = (name: string, ...flags: string[]) => {
      const out = join(folder, name);
      expect(spawnSync(python, [script, file, out, ...flags], { encoding: 'utf8' }).stderr).toBe('');
      return readFileSync(out);
    };
    const model = write('a.onnx');
    expect(write('b.onnx').equals(model)).toBe(true);
    const { data } = inputs.tensors['weights/blocks.3.mlp.fc2.kernel']!;
    expect(model.includes(Buffer.from(data.buffer, data.byteOffset, data.byteLength))).toBe(true);
    expect(model.includes('LayerNormalization')).toBe(true);
    expect(model.includes('MultiHeadAttention')).toBe(false);
    expect(write('c.onnx', 'fused').includes('MultiHeadAttention')).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
