import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../backends/backend';
import { tryBackend } from '../backends/startBackend';
import { filesIn, metricsOf, npzArray, run, tiny } from '../cli.testdata';
import { runCli } from '../program';

const found = await tryBackend('webgpu');
const absent = isMissing(found) ? found.missing : null;
if (!isMissing(found)) found.dispose();

describe.skipIf(absent !== null)(
  absent === null
    ? 'train --backend webgpu'
    : `train --backend webgpu (skipped: ${absent}; npm run gpu brings a driver)`,
  () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'meanflow-webgpu-'));
    });
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });
    const train = (name: string, ...args: string[]) =>
      run('train', '--preset', 'digits', '--out', join(folder, name), ...tiny, ...args);
    const weightsOf = (name: string, step: string) =>
      Object.entries(filesIn(join(folder, name, 'checkpoints', step))).filter(([file]) =>
        file.endsWith('safetensors'),
      );

    it('goes on with a run of wasm, and the other way round', async () => {
      const wasm = ['--backend', 'wasm', '--threads', '1'];
      await train('whole', ...wasm, '--steps', '6');
      for (const [name, first, second] of [
        ['begun', wasm, ['--backend', 'webgpu']],
        ['ended', ['--backend', 'webgpu'], wasm],
      ] as const) {
        expect((await train(name, ...first, '--steps', '4')).code).toBe(0);
        const { code, out } = await run(
          'train',
          '--resume',
          '--out',
          join(folder, name),
          ...second,
          '--steps',
          '6',
        );
        expect(code).toBe(0);
        expect(out).toContain(`Backend:  ${second[1]}`);
        const [expected, got] = [metricsOf(join(folder, 'whole')), metricsOf(join(folder, name))];
        expect(got.map(({ step }) => step)).toEqual(expected.map(({ step }) => step));
        for (const [i, { rawLoss }] of expected.entries())
          expect(Math.abs((got[i]!['rawLoss'] as number) / (rawLoss as number) - 1)).toBeLessThan(1e-4);
      }
    });

    it('draws in float16 what it draws in float32, but for rounding', async ({ skip }) => {
      await train('drawn', '--backend', 'webgpu', '--steps', '4');
      const draw = (name: string, ...args: string[]) =>
        run('sample', '--checkpoint', join(folder, 'drawn'), '--out', join(folder, name), '--raw', '--count', '4', '--backend', 'webgpu', ...args); // prettier-ignore
      const { code, out, err } = await draw('half.npz', '--half');
      skip(err.includes('--half takes a GPU with arithmetic of 16 bits'), 'this adapter has no float16');
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain(', multiplied in float16: ');
      expect((await draw('whole.npz')).code).toBe(0);
      const [half, whole] = ['half.npz', 'whole.npz'].map((name) => [
        ...npzArray(join(folder, name), 'images').bytes,
      ]);
      const differences = half!.map((value, i) => Math.abs(value - whole![i]!));
      expect(Math.max(...differences)).toBeLessThan(4); // of 255
    });

    it('goes on from the last checkpoint when the device is lost, to the same bytes', async () => {
      expect((await train('undisturbed', '--backend', 'webgpu', '--steps', '7')).code).toBe(0);
      const err: string[] = [];
      let losses = 0;
      const args = ['train', '--preset', 'digits', '--out', join(folder, 'lost'), ...tiny];
      const code = await runCli([...args, '--backend', 'webgpu', '--steps', '7'], {
        out: (text) => {
          // After the checkpoint of step 4, two times at different steps.
          if (!/^step [46]\//m.test(text) || losses === 2) return;
          losses += 1;
          (tf.backend() as unknown as { device: { destroy(): void } }).device.destroy();
        },
        err: (text) => err.push(text),
        screen: null,
        program: 'meanflow',
      });
      expect(code).toBe(0);
      expect(losses).toBe(2);
      expect(err.filter((text) => text.includes('lost its device')).length).toBe(2);
      expect(weightsOf('lost', 'step-00000007')).toEqual(weightsOf('undisturbed', 'step-00000007'));
      expect(metricsOf(join(folder, 'lost'))).toEqual(metricsOf(join(folder, 'undisturbed')));
    });

    it('says which GPUs there are when --device names none', async () => {
      const { code, err } = await train(
        'other',
        '--backend',
        'webgpu',
        '--device',
        'Riva 128',
        '--steps',
        '1',
      );
      expect(code).toBe(2);
      expect(err).toMatch(
        /^error: --backend webgpu does not work here: no GPU is called Riva 128; there are: .+\. Use --backend auto\.$/,
      );
    });
  },
);
