import type { DiTConfig } from './config';

const sizes = {
  S: { depth: 12, hiddenSize: 384, numHeads: 6 },
  B: { depth: 12, hiddenSize: 768, numHeads: 12 },
  M: { depth: 16, hiddenSize: 1024, numHeads: 16 },
  L: { depth: 24, hiddenSize: 1024, numHeads: 16 },
  XL: { depth: 28, hiddenSize: 1152, numHeads: 16 },
} as const;
const patches = [2, 4, 8] as const;

/** Name of a published size: letter and patch size, e.g. `B/4`. */
export type DiTPresetName = `${keyof typeof sizes}/${(typeof patches)[number]}`;

/** All preset names, smallest network first. */
export const ditPresetNames: readonly DiTPresetName[] = (
  Object.keys(sizes) as (keyof typeof sizes)[]
).flatMap((size) => patches.map((patch): DiTPresetName => `${size}/${patch}`));

/**
 * The configuration of a published size.
 *
 * | size | depth | width | heads |
 * |---|---|---|---|
 * | S | 12 | 384 | 6 |
 * | B | 12 | 768 | 12 |
 * | M | 16 | 1024 | 16 |
 * | L | 24 | 1024 | 16 |
 * | XL | 28 | 1152 | 16 |
 *
 * @param name Size and patch, e.g. `B/4`.
 * @param data What the network is for: size, channels and classes of the images or latents.
 * @throws RangeError if there is no such preset; the message names the nearest ones.
 * @see Peebles and Xie, arXiv:2212.09748, Table 1 (S, B, L, XL); Geng et al., arXiv:2505.13447 (M).
 */
export function ditPreset(
  name: DiTPresetName,
  data: Pick<DiTConfig, 'inputSize' | 'channels' | 'numClasses'>,
): DiTConfig {
  const [size = '', patch = ''] = name.split('/');
  const found = Object.entries(sizes).find(([key]) => key === size)?.[1];
  const patchSize = patches.find((value) => String(value) === patch);
  if (found === undefined || patchSize === undefined) {
    throw new RangeError(
      `ditPreset: unknown preset ${name}. The nearest are ${nearestPresets(name).join(', ')}.`,
    );
  }
  return { ...data, ...found, patchSize };
}

/** The three presets of the smallest edit distance to a wrong name; case and a leading `DiT-` do not count. */
function nearestPresets(name: string): DiTPresetName[] {
  const wanted = name.toUpperCase().replace(/^DIT-?/, '');
  const distances = ditPresetNames.map((preset) => ({ preset, distance: editDistance(wanted, preset) }));
  return distances
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ preset }) => preset);
}

/** Levenshtein distance: insertions, deletions and substitutions that turn a into b. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const substitution = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(substitution, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
