import { flowMatching, guidedVelocity, meanFlow, meanFlowTerms, sample, squaredError } from '@meanflow/core';
import type { DrawTensors, Objective } from '@meanflow/core';
import { ditNetwork } from '@meanflow/dit';
import { describeBackends, expectClose, golden, goldenTolerance } from '@meanflow/testing';
import type { Golden } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lossGradients } from './lossGradients';
import { publishedConfig, publishedWeights, readPublished } from './published.testdata';
import { createTrainState } from './trainState';
import type { TrainState } from './trainState';
import { toWeights } from './weights';

const files = [
  'nocfg',
  'omega3',
  'omega1_kappa0p5',
  'omega0p2_kappa0p92_interval',
  'drop_past_data',
  'p0',
  'p0p5',
  'unconditional_p0p75_eps1e3',
];

interface ReferenceConfig {
  guidance_eq: string;
  omega: number;
  kappa: number;
  t_start: number;
  t_end: number;
  norm_p: number;
  norm_eps: number;
  data_proportion: number;
}

const settingsOf = (file: Golden) => file.config['method'] as ReferenceConfig;
const yNull = publishedConfig.numClasses;

function objectiveOf({
  guidance_eq,
  omega,
  kappa,
  t_start,
  t_end,
  norm_p,
  norm_eps,
}: ReferenceConfig): Objective {
  return meanFlow({
    numClasses: yNull,
    guidance: guidance_eq === '' ? null : { omega, kappa, tStart: t_start, tEnd: t_end },
    weighting: { p: norm_p, eps: norm_eps },
  });
}

/** What the reference drew. */
function drawsOf(file: Golden, { data_proportion }: ReferenceConfig): DrawTensors {
  const t = file.tensor<tf.Tensor1D>('mid/t');
  const count = file.data('mid/num_drop')[0]!;
  const drop = tf.tensor1d(Array.from({ length: t.size }, (_, row) => (row < count ? 1 : 0)));
  const tensors = { t, r: file.tensor('mid/r'), e: file.tensor('rand/e'), drop };
  return { tensors, instantRows: Math.floor(t.size * data_proportion) };
}

describeBackends('the published MeanFlow loss', (backend) => {
  const tolerance = goldenTolerance[backend];
  let state: TrainState;
  const network = (weights: Record<string, tf.Tensor>) => ditNetwork(publishedConfig, weights);
  beforeAll(() => {
    const initial = toWeights(publishedWeights);
    state = createTrainState(initial);
    tf.dispose(initial);
  });
  afterAll(() => {
    state.dispose();
  });

  describe.each(files)('%s', (name) => {
    const file = golden(import.meta.url, `meanflow_loss_${name}.safetensors`);
    const config = settingsOf(file);

    it('has the same loss and gradients', () => {
      tf.tidy(() => {
        const batch = {
          x: file.tensor('in/x'),
          y: file.tensor<tf.Tensor1D>('in/y'),
          draws: drawsOf(file, config),
        };
        const { loss, logs, gradients } = lossGradients(objectiveOf(config), network, state.weights, batch);
        expectClose(loss, file.data('out/loss'), tolerance);
        const errors = [...file.data('mid/sq_err_sum')];
        const mean = errors.reduce((sum, s) => sum + s, 0) / errors.length;
        expectClose(logs['rawLoss']!, [mean], tolerance);
        const expected = readPublished(file, 'grad/net/');
        expect(Object.keys(gradients).sort()).toEqual(Object.keys(expected).sort());
        for (const [weight, gradient] of Object.entries(gradients)) {
          const { data } = expected[weight]!;
          // The key third of a qkv bias has gradient zero in exact arithmetic; the rest sets the scale.
          expectClose(gradient, data, tolerance);
        }
      });
    });

    it('has the same guided velocity, u, du/dt, target and errors', () => {
      tf.tidy(() => {
        const u = network(state.weights);
        const { tensors, instantRows } = drawsOf(file, config);
        const { t, r, drop } = tensors as { t: tf.Tensor1D; r: tf.Tensor1D; drop: tf.Tensor1D };
        const z = file.tensor('mid/z_t');
        const v = file.tensor('mid/v');
        const { omega, kappa, t_start: tStart, t_end: tEnd } = config;
        const y = file.tensor<tf.Tensor1D>('in/y');
        const guided =
          config.guidance_eq === ''
            ? v
            : guidedVelocity(u, v, z, t, y, yNull, drop, { omega, kappa, tStart, tEnd });
        expectClose(guided, file.data('mid/v_g'), tolerance);
        const yIn = file.tensor<tf.Tensor1D>('mid/y_inp');
        // Every row under jvp, and only those with r < t: both must be the reference, which does the former.
        for (const rows of [0, instantRows]) {
          const terms = meanFlowTerms(u, z, guided, r, t, yIn, rows);
          expectClose(terms.u, file.data('mid/u'), tolerance);
          expectClose(terms.uTarget, file.data('mid/u_tgt'), tolerance);
          expectClose(terms.dudt!, tf.slice(file.tensor('mid/du_dt'), rows), tolerance);
          expectClose(squaredError(terms.u, terms.uTarget), file.data('mid/sq_err_sum'), tolerance);
        }
        expectClose(squaredError(u(z, r, t, yIn), v), file.data('out/v_loss'), tolerance);
      });
    });
  });

  it('equals flow matching when every row has r = t', () => {
    const file = golden(import.meta.url, 'meanflow_loss_nocfg.safetensors');
    tf.tidy(() => {
      const { tensors } = drawsOf(file, settingsOf(file));
      const draws = { tensors: { ...tensors, r: tensors['t']! }, instantRows: 8 };
      const plain = { p: 0 };
      const batch = [
        network(state.weights),
        file.tensor('in/x'),
        file.tensor<tf.Tensor1D>('in/y'),
        draws,
      ] as const;
      const ours = meanFlow({ numClasses: yNull, weighting: plain }).loss(...batch);
      const theirs = flowMatching({ numClasses: yNull }).loss(...batch);
      expectClose(ours.loss, theirs.loss, 1e-6);
      expectClose(ours.logs['fmLoss']!, theirs.loss, 1e-6);
    });
  });

  it('samples as the published code on every time grid', () => {
    const file = golden(import.meta.url, 'meanflow_sampling.safetensors');
    for (const grid of ['default', '1step', '2step', '3step_uneven', '4step']) {
      tf.tidy(() => {
        const times = [...file.data(`in/t_steps_${grid}`)];
        const y = file.tensor<tf.Tensor1D>('in/y');
        const drawn = sample(network(state.weights), file.tensor('in/z_1'), y, { times });
        expectClose(drawn, file.data(`out/x_${grid}`), tolerance);
      });
    }
    tf.tidy(() => {
      const drawn = sample(network(state.weights), file.tensor('in/z_1'), file.tensor<tf.Tensor1D>('in/y'), {
        steps: 4,
      });
      expectClose(drawn, file.data('out/x_4step'), tolerance);
    });
  });
});
