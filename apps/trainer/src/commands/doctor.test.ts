import { describe, expect, it } from 'vitest';
import { run } from '../cli.testdata';
import type { DoctorReport } from './doctor';

describe('doctor', () => {
  it('prints an object for programs', async () => {
    const { code, out, err } = await run('doctor', '--json');
    expect([code, err]).toEqual([0, '']);
    const report = JSON.parse(out) as DoctorReport;
    expect(report).toMatchObject({
      meanflow: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      node: { version: process.version, platform: process.platform, arch: process.arch },
      cpu: { cores: expect.any(Number) as number },
      memory: { totalBytes: expect.any(Number) as number },
    });
    expect(report.backends.map(({ name }) => name)).toEqual(['tensorflow', 'webgpu', 'wasm', 'cpu']);
    for (const { name, available, version, device, gflops, missing, fix } of report.backends) {
      if (available) {
        expect([typeof version, typeof device, missing, fix]).toEqual(['string', 'string', null, null]);
        expect(gflops).toBeGreaterThan(0);
      } else {
        expect([version, device, gflops]).toEqual([null, null, null]);
        expect(missing).not.toBe('');
        if (name === 'tensorflow') expect(fix).toBe('npm run native');
      }
    }
    expect(report.backends.filter(({ available }) => available).map(({ name }) => name)).toContain(
      report.auto,
    );
    const wasm = report.backends.find(({ name }) => name === 'wasm');
    const cpu = report.backends.find(({ name }) => name === 'cpu');
    expect(wasm?.gflops).toBeGreaterThan(cpu?.gflops ?? Infinity);
  });

  it('prints lines for people', async () => {
    const { code, out } = await run('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/^meanflow \d+\.\d+\.\d+, Node\.js v\d+/);
    expect(out).toMatch(/^wasm +4\.22\.0 {2}CPU, \d+ threads?, [\d.]+ GFLOP\/s$/m);
    expect(out).toMatch(/^cpu +4\.22\.0 {2}JavaScript, 1 thread, [\d.]+ GFLOP\/s$/m);
    for (const line of out.split('\n').filter((text) => text.includes('is not installed'))) {
      expect(line).toMatch(/^(tensorflow|webgpu) +absent: the package .+ is not installed$/);
    }
    expect(out).toMatch(/--backend auto takes (tensorflow|webgpu|wasm|cpu)\.$/);
  });
});
