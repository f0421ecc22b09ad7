import { flowStep } from '@meanflow/core';
import { normals } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import { gridSize } from './frame';
import type { Pictures, Quality, ViewSettings } from './frame';
import { createIdentityProbe } from './identityProbe';
import type { IdentityProbe } from './identityProbe';
import type { PairSettings, PairTraining } from './pairTraining';
import { someOf } from './planeData';
import { gridPoints } from './planeGrid';
import { distancesTo } from './quality';
import type { Distances } from './quality';
import { instantaneous, readAll, walk } from './walk';

/** Looks at two networks: the particles that both carry, and the points that these should become. */
export interface Observer {
  readonly points: Float32Array;
  pictures(networks: PairTraining['networks'], view: ViewSettings): Promise<Pictures>;
  quality(networks: PairTraining['networks'], view: ViewSettings): Promise<Quality>;
  dispose(): void;
}

const cloudSize = 384;

/**
 * Makes an observer.
 *
 * @param points Data, [N, 2] row by row.
 * @param seed Of the particles.
 * @param particles Their number.
 * @returns The caller disposes it.
 */
export function createObserver(
  points: Float32Array,
  seed: number,
  particles: number,
  { times }: Pick<PairSettings, 'times'>,
): Observer {
  const probe: IdentityProbe = createIdentityProbe(points, seed, times);
  const distances: Distances = distancesTo(someOf(points, 1024));
  const noise = normals({ seed, purpose: 'particles' }, 2 * particles);
  const cloud = { x: someOf(points, cloudSize), e: normals({ seed, purpose: 'cloud' }, 2 * cloudSize) };
  const grid = gridPoints();
  const start = () => tf.tensor2d(noise, [particles, 2]);
  const oneStep = (network: Parameters<typeof flowStep>[0]) =>
    flowStep(network, start(), tf.zeros([particles]), tf.ones([particles]));

  return {
    points,
    pictures({ meanFlow, flowMatching }, { r, t, calls, steps }) {
      const velocity = instantaneous(flowMatching);
      const onTheWay = cloud.e.map((e, i) => (1 - t) * (cloud.x[i % cloud.x.length] ?? NaN) + t * e);
      const tensors = tf.tidy(() => {
        const z = tf.tensor2d(onTheWay, [cloudSize, 2]);
        const both = tf.concat([tf.tensor2d(grid, [gridSize ** 2, 2]), z]);
        const [rows] = both.shape;
        const u = meanFlow(both, tf.fill([rows], r), tf.fill([rows], t), null);
        return {
          meanFlow: walk(meanFlow, start(), calls),
          flowMatching: walk(velocity, start(), steps),
          oneStep: oneStep(velocity),
          field: tf.slice(u, 0, gridSize ** 2),
          cloud: z,
          carried: tf.sub(z, tf.mul(tf.slice(u, gridSize ** 2), t - r)),
        };
      });
      return readAll(tensors);
    },
    async quality({ meanFlow, flowMatching }, { steps }) {
      const velocity = instantaneous(flowMatching);
      const read = await readAll(
        tf.tidy(() => ({
          one: oneStep(meanFlow),
          oneOfVelocity: oneStep(velocity),
          many: tf.slice(walk(velocity, start(), steps), [steps, 0, 0], [1, particles, 2]),
          residual: probe.residual(meanFlow),
          residualOfVelocity: probe.residual(velocity),
        })),
      );
      return {
        meanFlowOne: distances.energy(read.one),
        flowMatchingOne: distances.energy(read.oneOfVelocity),
        flowMatchingMany: distances.energy(read.many),
        meanFlowNearest: distances.nearest(read.one),
        flowMatchingNearest: distances.nearest(read.many),
        residual: read.residual[0] ?? NaN,
        residualOfVelocity: read.residualOfVelocity[0] ?? NaN,
        leastLoss: probe.leastLoss,
      };
    },
    dispose: () => {
      probe.dispose();
    },
  };
}
