import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import type { Frame } from './frame';
import { gridSize, isRight, rightBelow } from './frame';
import type { PairSettings } from './pairTraining';
import { pairSettings } from './pairTraining';
import { createSession } from './session';
import type { Session, SessionOptions } from './session';

const tiny: PairSettings = { ...pairSettings, network: { hiddenSize: 8, depth: 1 }, batchSize: 16 };
const moons = { kind: 'shape', name: 'moons' } as const;

/** A small session, and the frames that it gave. */
function open(options: Partial<SessionOptions> = {}): { session: Session; frames: Frame[] } {
  const frames: Frame[] = [];
  const onFrame = (frame: Frame) => frames.push(frame);
  const session = createSession({ source: moons, training: tiny, particles: 24, onFrame, ...options });
  return { session, frames };
}

/** Waits until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describeBackends(
  'a session',
  () => {
    it('shows both trainings, with everything of the right size', async () => {
      const { session, frames } = open({ view: { r: 0.2, t: 0.8, calls: 2, steps: 3 } });
      await session.stepOnce();
      const { step, isRunning, rate, losses, pictures, quality } = frames.at(-1)!;
      expect({ step, isRunning, rate }).toEqual({ step: 1, isRunning: false, rate: null });
      // At the first step the networks are zero: u is 0, and the loss that of v for both.
      expect(losses?.flowMatching).toBeGreaterThan(2);
      expect(losses?.meanFlow).toBeCloseTo(losses?.flowMatching ?? NaN, 5);
      const sizes = Object.fromEntries(Object.entries(pictures!).map(([name, { length }]) => [name, length]));
      expect(sizes).toEqual({
        meanFlow: 3 * 24 * 2,
        flowMatching: 4 * 24 * 2,
        oneStep: 24 * 2,
        field: gridSize ** 2 * 2,
        cloud: 384 * 2,
        carried: 384 * 2,
      });
      expect(Object.values(quality!).every(Number.isFinite)).toBe(true);
      await session.dispose();
    });

    it('plays, pauses and goes on', async () => {
      const { session, frames } = open();
      const played = session.play();
      expect(session.play()).toBeInstanceOf(Promise);
      await until(() => frames.length >= 2 && session.step > 3);
      await session.pause();
      await played;
      const { step } = session;
      expect(frames.at(-1)).toMatchObject({ isRunning: false, step });
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(session.step).toBe(step);
      const again = session.play();
      await until(() => session.step > step);
      await session.dispose();
      await again;
      expect(frames.some(({ rate }) => rate !== null && rate > 0)).toBe(true);
    });

    it('keeps to a speed', async () => {
      const { session } = open();
      session.setSpeed(20);
      const played = session.play();
      const start = performance.now();
      await until(() => session.step >= 5);
      expect(performance.now() - start).toBeGreaterThan(150);
      await session.pause();
      await played;
      expect(() => {
        session.setSpeed(0);
      }).toThrow('steps a second must be above 0, got 0. Null is no limit.');
      await session.dispose();
    });

    it('draws no picture for nobody', async () => {
      const { session, frames } = open({ view: { isWatched: false } });
      await session.stepOnce();
      expect(frames.at(-1)?.pictures).toBeNull();
      await session.look({ isWatched: true });
      expect(frames.at(-1)?.pictures).not.toBeNull();
      await session.dispose();
    });

    it('shows another interval at once when paused, and refuses one that is none', async () => {
      const { session, frames } = open();
      await session.stepOnce();
      await session.look({ r: 0.5, t: 0.5 });
      const { cloud, carried } = frames.at(-1)!.pictures!;
      expect([...carried]).toEqual([...cloud]); // an interval without length carries nowhere
      await expect(session.look({ r: 0.6 })).rejects.toThrow('0 <= r <= t <= 1, got r = 0.6, t = 0.5.');
      await expect(session.look({ calls: 0 })).rejects.toThrow(
        'calls must be an integer from 1 to 128, got 0.',
      );
      await session.dispose();
    });

    it('begins anew with the same course for the same seed', async () => {
      const { session, frames } = open();
      const twoSteps = async () => {
        await session.stepOnce();
        await session.stepOnce();
        return frames.at(-1)!;
      };
      const first = await twoSteps();
      await session.reset(1);
      expect(frames.at(-1)).toMatchObject({ step: 0, losses: null });
      const second = await twoSteps();
      expect(second.losses).toEqual(first.losses);
      expect(second.pictures).toEqual(first.pictures);
      await session.reset(2);
      const third = await twoSteps();
      expect(third.losses).not.toEqual(first.losses);
      await session.dispose();
    });

    it('goes on with other points while it runs', async () => {
      const { session, frames } = open();
      const played = session.play();
      await until(() => session.step > 2);
      const { step } = session;
      await session.choose({
        kind: 'points',
        points: Float32Array.from({ length: 200 }, (_, i) => Math.sin(i)),
      });
      expect(session.points).toHaveLength(200);
      expect(frames.at(-1)).toMatchObject({ isRunning: true });
      await until(() => session.step > step + 2);
      await expect(session.choose({ kind: 'points', points: new Float32Array(4) })).rejects.toThrow(
        'points must be at least 64 pairs, got 4 numbers. Draw a little more.',
      );
      await until(() => session.step > step + 4); // a refusal changes nothing
      await session.dispose();
      await played;
    });

    it('tells whoever plays when a step fails', async () => {
      const { session } = open({
        exclusive: async (job) => {
          await job();
          throw new Error('the device is lost');
        },
      });
      await expect(session.play()).rejects.toThrow('the device is lost');
      await session.dispose();
    });

    it('leaves no tensor behind', async () => {
      const live = async () => {
        const { session } = open();
        const played = session.play();
        await until(() => session.step > 2);
        await session.choose({ kind: 'shape', name: 'rings' });
        await session.reset(3);
        await session.look({ r: 0.3, calls: 2 });
        await session.pause();
        await session.dispose();
        await played;
      };
      await live();
      const before = tf.memory().numTensors;
      await live();
      expect(tf.memory().numTensors).toBe(before);
    });

    it('holds a constant number of tensors while it trains', async () => {
      const { session } = open();
      await session.stepOnce();
      const before = tf.memory().numTensors;
      for (let i = 0; i < 5; i++) await session.stepOnce();
      expect(tf.memory().numTensors).toBe(before);
      await session.dispose();
    });
  },
  ['wasm', 'cpu'],
);

describeBackends(
  'two moons',
  () => {
    it('are right in one call with MeanFlow, and with flow matching in many steps but not in one', async () => {
      const { session, frames } = open({
        training: pairSettings,
        particles: 512,
        view: { isWatched: false },
      });
      const played = session.play();
      await until(() => session.step >= 500);
      await session.pause();
      await played;
      const quality = frames.at(-1)!.quality!;
      expect(isRight(quality.meanFlowOne, quality.meanFlowNearest)).toBe(true);
      expect(quality.flowMatchingMany).toBeLessThan(2 * rightBelow.energy);
      expect(quality.flowMatchingOne).toBeGreaterThan(20 * rightBelow.energy);
      expect(quality.residual).toBeLessThan(quality.residualOfVelocity / 2);
      await session.dispose();
    });
  },
  ['wasm'],
);
