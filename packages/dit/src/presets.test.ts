import { expect, expectTypeOf, it } from 'vitest';
import { countParameters } from './parameters';
import { ditPreset, ditPresetNames } from './presets';
import type { DiTPresetName } from './presets';

const latents = { inputSize: 32, channels: 4, numClasses: 1000 };

it.each<[DiTPresetName, number]>([
  ['B/2', 131],
  ['M/2', 308],
  ['L/2', 459],
  ['XL/2', 676],
])('%s has the published %i million parameters', (name, millions) => {
  expect(Math.round(countParameters(ditPreset(name, latents)) / 1e6)).toBe(millions);
});
it('names every size and patch once', () => {
  expect(ditPresetNames).toHaveLength(15);
  expect(new Set(ditPresetNames).size).toBe(15);
  for (const name of ditPresetNames)
    expect(ditPreset(name, latents).patchSize).toBe(Number(name.split('/')[1]));
  expectTypeOf<'XL/8'>().toExtend<DiTPresetName>();
  expectTypeOf<'XL/3'>().not.toExtend<DiTPresetName>();
});
it.each([
  ['b/2', 'B/2'],
  ['DiT-XL/2', 'XL/2'],
  ['L4', 'L/4'],
  ['XXL/2', 'XL/2'],
])('suggests the nearest names for %s', (wrong, right) => {
  const message = `ditPreset: unknown preset ${wrong}. The nearest are ${right}, `;
  expect(() => ditPreset(wrong as DiTPresetName, latents)).toThrow(message);
});
