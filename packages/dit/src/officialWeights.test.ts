import { expect, it } from 'vitest';
import { fromOfficialWeights } from './officialWeights';

it('renames, flattens the patch kernel and passes the data on', () => {
  const data = new Float32Array(48);
  const ours = fromOfficialWeights({
    'x_embedder/proj/kernel': { shape: [2, 2, 3, 4], data },
    'blocks/layers_11/adaLN_modulation/layers_1/_flax_linear/bias': { shape: [6], data },
    'y_embedder/embedding_table/_flax_embedding/embedding': { shape: [11, 4], data },
  });
  expect(ours).toEqual({
    'xEmbedder.kernel': { shape: [12, 4], data },
    'blocks.11.adaLN.bias': { shape: [6], data },
    'yEmbedder.table': { shape: [11, 4], data },
  });
  expect(ours['xEmbedder.kernel']!.data).toBe(data);
});
