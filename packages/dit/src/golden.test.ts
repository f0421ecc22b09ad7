import { jvp } from '@meanflow/jvp';
import { layerNorm, layerNormModulate, silu } from '@meanflow/kernels';
import { describeBackends, expectClose, golden, goldenTolerance } from '@meanflow/testing';
import type { Golden } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { attentionBranch, ditBlock, finalLayer, mlpBranch, modulation } from './block';
import type { DiTConfig } from './config';
import { ditShape } from './config';
import { denseLayer } from './denseLayer';
import { ditNetwork } from './dit';
import { fromOfficialWeights } from './officialWeights';
import { ditParameters } from './parameters';
import { patchify } from './patches';
import { sincosPositions } from './positions';
import { sinusoidalFeatures, timeEmbedding } from './timeEmbedding';
import type { Weights } from './weights';

/** The configuration of a golden file under our names. */
function configOf({ config }: Golden): DiTConfig {
  const given = config as Record<string, number>;
  return {
    inputSize: given['input_size']!,
    channels: given['in_channels']!,
    patchSize: given['patch_size']!,
    depth: given['depth']!,
    hiddenSize: given['hidden_size']!,
    numHeads: given['num_heads']!,
    ...(given['mlp_ratio'] !== undefined && { mlpRatio: given['mlp_ratio'] }),
    numClasses: given['num_classes']!,
  };
}

/** The weights of a golden file on the active backend, under our names. */
function weightsOf(file: Golden): Weights {
  const official = file.names.filter((name) => name.startsWith('params/'));
  const arrays = official.map((name) => [name.slice(7), { data: file.data(name), shape: file.shape(name) }]);
  const ours = fromOfficialWeights(
    Object.fromEntries(arrays) as Record<string, { data: Float32Array; shape: number[] }>,
  );
  return Object.fromEntries(
    Object.entries(ours).map(([name, { data, shape }]) => [name, tf.tensor(data, shape)]),
  );
}

function inputsOf(file: Golden): [z: tf.Tensor, r: tf.Tensor1D, t: tf.Tensor1D, y: tf.Tensor1D] {
  return [file.tensor('in/z'), file.tensor('in/r'), file.tensor('in/t'), file.tensor('in/y')];
}

const forward = ['a', 'b'].map((name) => golden(import.meta.url, `dit_forward_${name}.safetensors`)) as [
  Golden,
  Golden,
];
const positions = golden(import.meta.url, 'pos_embed.safetensors');
const times = golden(import.meta.url, 'timestep_embed.safetensors');
const derivatives = golden(import.meta.url, 'dit_jvp_a.safetensors');

describeBackends('the DiT of the published code', (backend) => {
  const within = goldenTolerance[backend];

  describe.each([
    ['a', forward[0]],
    ['b', forward[1]],
  ])('network %s', (_, file) => {
    const config = configOf(file);
    const last = config.depth - 1;

    it('has the weights that the configuration lists', () => {
      tf.tidy(() => {
        const shapes = Object.entries(weightsOf(file)).map(([name, { shape }]) => `${name} ${shape.join()}`);
        expect(shapes.sort()).toEqual(
          ditParameters(config)
            .map(({ name, shape }) => `${name} ${shape.join()}`)
            .sort(),
        );
      });
    });
    it('returns u', () => {
      tf.tidy(() => {
        expectClose(ditNetwork(config, weightsOf(file))(...inputsOf(file)), file.data('out/u'), within);
      });
    });
    it('embeds patches, times and labels', () => {
      tf.tidy(() => {
        const weights = weightsOf(file);
        const [z, r, t] = inputsOf(file);
        const patches = denseLayer(patchify(z as tf.Tensor4D, config.patchSize), weights, 'xEmbedder');
        expectClose(patches, file.data('mid/x_embedder'), within);
        expectClose(timeEmbedding(t, weights, 'tEmbedder'), file.data('mid/t_embedder'), within);
        expectClose(timeEmbedding(tf.sub(t, r), weights, 'hEmbedder'), file.data('mid/h_embedder'), within);
      });
    });
    it('has the branches of the first block, each block and the last layer', () => {
      tf.tidy(() => {
        const weights = weightsOf(file);
        const mid = (name: string) => file.tensor(`mid/${name}`);
        const activated = silu(tf.add(tf.add(mid('t_embedder'), mid('h_embedder')), mid('y_embedder')));
        const table = sincosPositions(ditShape(config).grid, config.hiddenSize);
        let x = tf.add(mid('x_embedder'), tf.tensor(table, [1, ...file.shape('mid/x_embedder').slice(1)]));

        expectClose(layerNorm(x), file.data('mid/blocks/layers_0/norm1'), within);
        const rows = modulation(activated, weights, 'blocks.0', 6) as [tf.Tensor, ...tf.Tensor[]];
        const [shift1, scale1, gate1, shift2, scale2] = rows as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const attended = attentionBranch(
          layerNormModulate(x, shift1, scale1),
          weights,
          'blocks.0',
          config.numHeads,
        );
        expectClose(attended, file.data('mid/blocks/layers_0/attn'), within);
        const middle = tf.add(x, tf.mul(tf.expandDims(gate1, 1), attended));
        const mlp = mlpBranch(layerNormModulate(middle, shift2, scale2), weights, 'blocks.0');
        expectClose(mlp, file.data('mid/blocks/layers_0/mlp'), within);

        for (let i = 0; i <= last; i++) {
          x = ditBlock(x, activated, weights, `blocks.${i}`, config.numHeads);
          expectClose(x, file.data(`mid/blocks/layers_${i}`), within);
        }
        expectClose(finalLayer(x, activated, weights), file.data('mid/final_layer'), within);
      });
    });
  });

  it.each([
    ['du_dt_total', { z: true, t: true, r: false }],
    ['jvp_z', { z: true, t: false, r: false }],
    ['jvp_t', { z: false, t: true, r: false }],
    ['jvp_r', { z: false, t: false, r: true }],
  ])('has the directional derivative %s', (name, moves) => {
    tf.tidy(() => {
      const network = ditNetwork(configOf(forward[0]), weightsOf(forward[0]));
      const [z, r, t, y] = inputsOf(derivatives);
      const one = tf.onesLike(t);
      const { value, tangent } = jvp(
        (z: tf.Tensor, r: tf.Tensor1D, t: tf.Tensor1D) => network(z, r, t, y),
        [z, r, t],
        [moves.z ? derivatives.tensor('in/v') : null, moves.r ? one : null, moves.t ? one : null],
      );
      expectClose(value, derivatives.data('out/u'), within);
      expectClose(tangent, derivatives.data(`out/${name}`), within);
    });
  });

  it('has its sinusoidal features and its time embedding', () => {
    tf.tidy(() => {
      const t = times.tensor<tf.Tensor1D>('t');
      for (const width of [256, 8, 7]) {
        expectClose(sinusoidalFeatures(t, width), times.data(`freq_embedding_${width}`), within);
      }
      expectClose(sinusoidalFeatures(t, 10, 100), times.data('freq_embedding_10_maxperiod_100'), within);
      const weights = Object.fromEntries(
        ['mlp.0', 'mlp.2'].flatMap((layer) =>
          ['kernel', 'bias'].map((part) => {
            const official = `params/${layer.replace('.', '/layers_')}/_flax_linear/${part}`;
            return [`tEmbedder.${layer}.${part}`, times.tensor(official)];
          }),
        ),
      );
      expectClose(timeEmbedding(t, weights, 'tEmbedder'), times.data('mlp_out'), within);
    });
  });
});

describe('the positions of the published code', () => {
  it.each(positions.names)('%s', (name) => {
    const [width = 0, side = 0] = name.match(/\d+/g)!.map(Number);
    expectClose(sincosPositions([side, side], width), positions.data(name), 1e-6);
  });
});
