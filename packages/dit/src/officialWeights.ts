/** Words of the official names that are spelled or nested differently here; the empty ones vanish. */
const renamed: Readonly<Record<string, string>> = {
  x_embedder: 'xEmbedder',
  t_embedder: 'tEmbedder',
  h_embedder: 'hEmbedder',
  y_embedder: 'yEmbedder',
  final_layer: 'finalLayer',
  adaLN_modulation: 'adaLN',
  embedding_table: 'table',
  _flax_linear: '',
  _flax_embedding: '',
  embedding: '',
};

/** `blocks/layers_0/attn/qkv/_flax_linear/kernel` -> `blocks.0.attn.qkv.kernel`. */
function ourName(official: string): string {
  const words = official.split('/').map((word) => renamed[word] ?? word.replace(/^layers_/, ''));
  const name = words.filter((word) => word !== '').join('.');
  return name.replace('adaLN.1.', 'adaLN.').replace('xEmbedder.proj.', 'xEmbedder.');
}

/**
 * Weights of the published MeanFlow code under the names used here.
 *
 * Every kernel is [in, out] in both; only the patch embedding changes shape, from a convolution [p, p, C, D] to a matrix
 * [p p C, D] over patches ordered (row, column, channel), with the same numbers in the same order. Gradients and moments,
 * which have the same names and shapes, translate as well.
 *
 * @param official Arrays by the names of the flax parameters, e.g. `blocks/layers_0/attn/qkv/_flax_linear/kernel`,
 *   without a prefix such as `params/`.
 * @returns The same arrays, not copied, by our names, with the shapes that `ditParameters` lists.
 * @see Gsunshine/meanflow on GitHub, commit d70cb55.
 */
export function fromOfficialWeights<T extends { readonly shape: readonly number[] }>(
  official: Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(official).map(([name, array]) => {
      const { shape } = array;
      if (shape.length !== 4) return [ourName(name), array];
      const [height = 1, width = 1, channels = 1, features = 1] = shape;
      return [ourName(name), { ...array, shape: [height * width * channels, features] }];
    }),
  );
}
