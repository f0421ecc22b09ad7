import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors } from '@meanflow/safetensors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkpointOf, filesIn } from './checkpoints.testdata';
import { cleanCheckpoints, loadCheckpoint, loadCheckpointWeights, saveCheckpoint } from './checkpoints';

let run = '';
let folder = '';
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'meanflow-checkpoints-'));
  folder = join(run, 'checkpoints');
});
afterEach(() => {
  rmSync(run, { recursive: true });
});

/** Changes one bit in the middle of a file. */
function damage(...path: string[]): void {
  const file = join(folder, ...path);
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

describe('saveCheckpoint', () => {
  it('writes what loadCheckpoint reads, found by run, folder or its own path', () => {
    const path = saveCheckpoint(folder, checkpointOf(1000));
    expect(path).toBe(join(folder, 'step-00001000'));
    for (const place of [run, folder, path]) {
      expect(loadCheckpoint(place)).toEqual({ path, value: checkpointOf(1000), warnings: [] });
    }
  });

  it('writes the same bytes for equal states, and no clock time', () => {
    saveCheckpoint(folder, checkpointOf(7));
    const first = filesIn(folder);
    vi.useFakeTimers({ now: new Date('2030-01-01') });
    saveCheckpoint(join(run, 'again'), checkpointOf(7));
    vi.useRealTimers();
    expect(filesIn(join(run, 'again'))).toEqual(first);
    expect(Object.keys(first)).toEqual([
      'step-00000007/ema.safetensors',
      'step-00000007/model.safetensors',
      'step-00000007/optimizer.safetensors',
      'step-00000007/state.json',
    ]);
  });

  it('writes weights that any safetensors reader understands, with the configuration', () => {
    const path = saveCheckpoint(folder, checkpointOf(3));
    const { tensors, metadata } = decodeSafetensors(readFileSync(join(path, 'optimizer.safetensors')));
    expect(Object.keys(tensors).sort()).toEqual(['m.a.bias', 'm.a.kernel', 'v.a.bias', 'v.a.kernel']);
    expect(tensors['v.a.kernel']).toEqual({
      dtype: 'F32',
      shape: [2, 3],
      data: checkpointOf(3).snapshot.v['a.kernel']?.data,
    });
    expect(metadata).toEqual({ config: '{"depth":2,"preset":"digits"}', step: '3' });
  });

  it('keeps the newest K', () => {
    for (const step of [1, 2, 3, 4]) saveCheckpoint(folder, checkpointOf(step), { keep: 2 });
    expect(readdirSync(folder)).toEqual(['step-00000003', 'step-00000004']);
    saveCheckpoint(folder, checkpointOf(5), { keep: Infinity });
    expect(readdirSync(folder)).toHaveLength(3);
    expect(() => saveCheckpoint(folder, checkpointOf(6), { keep: 0 })).toThrow(
      /keep must be at least 1, got 0/,
    );
  });

  it('replaces a checkpoint of the same step', () => {
    saveCheckpoint(folder, checkpointOf(1, 5));
    saveCheckpoint(folder, checkpointOf(1, 6));
    expect(loadCheckpoint(folder)?.value).toEqual(checkpointOf(1, 6));
    expect(readdirSync(folder)).toEqual(['step-00000001']);
  });

  it('sets later checkpoints aside, so that the next resume goes on from the newest course', () => {
    for (const step of [1, 2, 3]) saveCheckpoint(folder, checkpointOf(step));
    damage('step-00000003', 'model.safetensors');
    saveCheckpoint(folder, checkpointOf(2), { keep: 1 });
    expect(readdirSync(folder)).toEqual(['set-aside-step-00000003', 'step-00000002']);
    expect(loadCheckpoint(folder)).toMatchObject({ value: checkpointOf(2), warnings: [] });
  });
});

describe('loadCheckpoint', () => {
  it('finds none where there is none', () => {
    expect(loadCheckpoint(run)).toBeNull();
    expect(loadCheckpoint(join(run, 'nowhere'))).toBeNull();
    mkdirSync(folder);
    expect(loadCheckpoint(run)).toBeNull();
  });

  const files = ['model.safetensors', 'ema.safetensors', 'optimizer.safetensors', 'state.json'];
  it.each(files)('passes over a checkpoint whose %s is damaged, and says so', (file) => {
    for (const step of [1, 2]) saveCheckpoint(folder, checkpointOf(step));
    damage('step-00000002', file);
    const { value, warnings } = loadCheckpoint(run) ?? {};
    expect(value).toEqual(checkpointOf(1));
    expect(warnings).toHaveLength(1);
    const pattern = new RegExp(
      `^step-00000002 has a damaged ${file} \\(.*\\); the one before it is used\\.$`,
    );
    expect(warnings?.[0]).toMatch(pattern);
  });

  it.each(files)('passes over a checkpoint whose %s is missing', (file) => {
    for (const step of [1, 2]) saveCheckpoint(folder, checkpointOf(step));
    rmSync(join(folder, 'step-00000002', file));
    const { value, warnings } = loadCheckpoint(run) ?? {};
    expect(value).toEqual(checkpointOf(1));
    expect(warnings?.[0]).toContain(`step-00000002 has no readable ${file}`);
  });

  it('finds every change of one byte in state.json', () => {
    const path = saveCheckpoint(folder, checkpointOf(1));
    const file = join(path, 'state.json');
    const text = readFileSync(file, 'utf8');
    for (let at = 0; at < text.length; at++) {
      if (/\s/.test(text[at] ?? '')) continue; // white space between fields means nothing
      writeFileSync(file, `${text.slice(0, at)}${text[at] === '7' ? '8' : '7'}${text.slice(at + 1)}`);
      expect(() => loadCheckpoint(run)).toThrow();
    }
  });

  it('says why when none can be used', () => {
    for (const step of [1, 2]) saveCheckpoint(folder, checkpointOf(step));
    damage('step-00000001', 'ema.safetensors');
    writeFileSync(join(folder, 'step-00000002', 'state.json'), '{"formatVersion": 2}');
    expect(() => loadCheckpoint(run)).toThrow(
      `loadCheckpoint: no checkpoint in ${run} can be used: step-00000002 has format version 2, newer than 1; step-00000001 has a ` +
        'damaged ema.safetensors (its hash differs). Restore one from a backup, or start anew in another folder.',
    );
  });
});

describe('loadCheckpointWeights', () => {
  it('reads the weights as trained or averaged, though other files are damaged', () => {
    const path = saveCheckpoint(folder, checkpointOf(4));
    damage('step-00000004', 'optimizer.safetensors');
    const { snapshot, config } = checkpointOf(4);
    const model = loadCheckpointWeights(run, 'model');
    expect(model).toEqual({ path, value: { weights: snapshot.weights, config, step: 4 }, warnings: [] });
    expect(loadCheckpointWeights(path, 'ema').value.weights).toEqual(snapshot.ema);
    damage('step-00000004', 'ema.safetensors');
    expect(() => loadCheckpointWeights(run, 'ema')).toThrow(
      /no checkpoint in .* can be used: step-00000004 has a damaged ema/,
    );
  });

  it('is an error where there is none', () => {
    expect(() => loadCheckpointWeights(run, 'ema')).toThrow(/must be a run.*, but it has no checkpoint\./);
  });
});

describe('cleanCheckpoints', () => {
  it('removes what was half done and brings back a checkpoint that was about to be replaced', () => {
    cleanCheckpoints(folder); // there is none yet
    for (const step of [1, 2]) saveCheckpoint(folder, checkpointOf(step));
    mkdirSync(join(folder, '.partial-step-00000003'));
    mkdirSync(join(folder, '.pruned-step-00000000'));
    cpSync(join(folder, 'step-00000002'), join(folder, '.replaced-step-00000002'), { recursive: true });
    cleanCheckpoints(folder);
    expect(readdirSync(folder)).toEqual(['step-00000001', 'step-00000002']);
    cpSync(join(folder, 'step-00000002'), join(folder, '.replaced-step-00000002'), { recursive: true });
    rmSync(join(folder, 'step-00000002'), { recursive: true });
    cleanCheckpoints(folder);
    expect(loadCheckpoint(folder)?.value).toEqual(checkpointOf(2));
    expect(existsSync(join(folder, '.replaced-step-00000002'))).toBe(false);
  });
});
