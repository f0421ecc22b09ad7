import { inceptionLayout } from '../networks/inception/layout';
import type { HostArray } from '../networks/inception/foldWeights';
import { hashed } from './hash';

/** Factor of the standard deviation of the convolutions in the golden files. */
const GAIN = 1.625;

/** The rule that turns numbers in [0, 1) into a tensor, by its name and shape: [scale, offset, centre]. */
function ruleOf(name: string, shape: readonly number[]): readonly [number, number, number] {
  if (name.endsWith('.running_mean')) return [0.1, 0, 0.5];
  if (name.endsWith('.running_var')) return [0.5, 1, 0];
  if (name.endsWith('.bias')) return [0.2, 0, 0.5];
  if (shape.length === 1) return [0.2, 1, 0.5];
  const fanIn = shape.slice(1).reduce((product, n) => product * n, 1);
  return [(2 * Math.sqrt(3) * (name.startsWith('fc.') ? 1 : GAIN)) / Math.sqrt(fanIn), 0, 0.5];
}

/** One tensor of the weights that the golden files were made with. */
function hashFilled(name: string, shape: readonly number[]): HostArray {
  const [scale, offset, centre] = ruleOf(name, shape);
  const u = hashed(name);
  const data = new Float32Array(shape.reduce((product, n) => product * n, 1));
  for (let i = 0; i < data.length; i++) data[i] = offset + scale * (u(i) - centre);
  return { shape, data };
}

/** The weights that the golden files were made with, 24 million numbers out of the tensors' names. */
export function hashFilledInception(): Record<string, HostArray> {
  return Object.fromEntries(
    inceptionLayout().map(({ name, shape }) => [name, hashFilled(name, shape)] as const),
  );
}
