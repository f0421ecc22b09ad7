import { meanFlow } from '@meanflow/core';
import { registerCompiler } from '@meanflow/compile';
import type { ProgramOptions } from '@meanflow/compile';
import { tensorflowCompiler } from '@meanflow/compile/tensorflow';
import { ditNetwork } from '@meanflow/dit';
import { normals } from '@meanflow/random';
import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  cases,
  config,
  guidance,
  numClasses,
  rows,
  sampleShape,
  settingsOf,
  start,
  train,
} from './compiled.testdata';
import { createTrainer } from './trainer';
import { restoreTrainState, snapshotTrainState } from './trainState';

describeBackends(
  'a compiled training',
  () => {
    registerCompiler(tensorflowCompiler);
    const steps = 12;
    const modes: ProgramOptions[] = [{ xla: false }, { xla: 'fused' }];
    describe.each(Object.entries(cases))('of %s', (_name, settings) => {
      it.each(modes)('with %o goes like the eager one', async (options) => {
        const [eager, compiled] = [start(), start()];
        const expected = await train(eager, { ...settings, compile: { eager: true } }, steps);
        const reports = await train(compiled, { ...settings, compile: options }, steps);
        for (const [i, { loss, gradNorm, logs, lr, skipped }] of reports.entries()) {
          const other = expected[i]!;
          expect({ lr, skipped }).toEqual({ lr: other.lr, skipped: other.skipped });
          const tolerance = 1e-5 * 1.2 ** i; // rounding grows as training goes on
          expect(Math.abs(loss / other.loss - 1)).toBeLessThan(tolerance);
          expect(Math.abs(gradNorm / other.gradNorm - 1)).toBeLessThan(10 * tolerance);
          for (const [name, value] of Object.entries(logs))
            expect(Math.abs(value - other.logs[name]!)).toBeLessThan(10 * tolerance * (1 + Math.abs(value)));
        }
        eager.dispose();
        compiled.dispose();
      });
    });

    it('is resumed to the same bytes', async () => {
      const settings = settingsOf(meanFlow({ numClasses, guidance }), { clipNorm: 1 });
      const whole = start();
      await train(whole, settings, 12);
      const first = start();
      await train(first, settings, 5);
      const second = restoreTrainState(await snapshotTrainState(first));
      await train(second, settings, 12);
      expect(bytesOf(await snapshotTrainState(second))).toEqual(bytesOf(await snapshotTrainState(whole)));
      for (const state of [whole, first, second]) state.dispose();
    });

    it('is read in between without changing its course', async () => {
      const settings = settingsOf(meanFlow({ numClasses }));
      const [read, unread] = [start(), start()];
      await train(unread, settings, 6);
      const trainer = createTrainer(read, settings);
      for (let step = 0; step < 6; step++) {
        const x = normals({ seed: 3, purpose: 'data', step }, rows * 8 * 8 * 2);
        const batch = {
          x,
          shape: [rows, ...sampleShape],
          y: Int32Array.from({ length: rows }, (_, i) => i % 3),
        };
        await trainer.step(batch, settings.objective.draw(rows, sampleShape, { seed: 2, step }));
        await snapshotTrainState(read);
        tf.tidy(() =>
          ditNetwork(config, read.ema)(
            tf.zeros([1, ...sampleShape]),
            tf.zeros([1]),
            tf.ones([1]),
            tf.tensor1d([0], 'int32'),
          ),
        );
      }
      trainer.dispose();
      expect(bytesOf(await snapshotTrainState(read))).toEqual(bytesOf(await snapshotTrainState(unread)));
      read.dispose();
      unread.dispose();
    });

    it('leaves no tensor behind', async () => {
      const settings = settingsOf(meanFlow({ numClasses }));
      const state = start();
      const before = tf.memory().numTensors;
      await train(state, settings, 4);
      expect(tf.memory().numTensors).toBe(before);
      state.dispose();
    });
  },
  ['tensorflow'],
);
