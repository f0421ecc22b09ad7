import { loadSmallNetwork, smallNetworkNames } from '@meanflow/eval';
import type { FeatureNetwork, SmallNetworkName } from '@meanflow/eval';
import { suggestion } from '../config/nearest';
import { UserError, withUserInput } from '../userError';

/** Networks whose features can be compared. */
export const networkNames: readonly string[] = smallNetworkNames;

/** The network that was made for images of a size, by [height, width, channels]. */
const natural: Readonly<Record<string, SmallNetworkName>> = {
  '8x8x1': 'digits-lenet',
  '28x28x1': 'mnist-lenet',
};

/**
 * The network that a choice means.
 *
 * @param choice A name, or `auto`: the small network for images of this size.
 * @param option What the choice is called where the user made it.
 * @throws UserError if there is none.
 */
export function chooseNetwork(choice: string, sampleShape: readonly number[], option: string): string {
  const shape = sampleShape.join('x');
  const found = choice === 'auto' ? natural[shape] : networkNames.find((name) => name === choice);
  if (found !== undefined) return found;
  const known = networkNames.join(', ');
  if (choice === 'auto')
    throw new UserError(
      `${option} must be one of ${known} for images of ${shape}, which have none of their own.`,
    );
  throw new UserError(
    `${option} must be auto or one of ${known}, got ${choice}${suggestion(choice, networkNames) || '.'}`,
  );
}

/** Loads a network; the caller disposes of it. */
export async function loadNetwork(name: string): Promise<FeatureNetwork> {
  return withUserInput(() => loadSmallNetwork(name as SmallNetworkName));
}
