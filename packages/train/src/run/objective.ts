import { flowMatching, meanFlow } from '@meanflow/core';
import type { Objective } from '@meanflow/core';
import type { ObjectiveConfig } from './runConfig';

type ObjectiveKind = ObjectiveConfig['kind'];
type Builder<K extends ObjectiveKind> = (
  config: Extract<ObjectiveConfig, { kind: K }>,
  numClasses: number,
) => Objective;

/** One builder for each kind of objective. */
const builders: { readonly [K in ObjectiveKind]: Builder<K> } = {
  meanflow: ({ times, guidance, labelDropout, weighting }, numClasses) =>
    meanFlow({ numClasses, times, guidance, labelDropout, weighting }),
  'flow-matching': ({ times, guidance, labelDropout, weighting }, numClasses) =>
    flowMatching({ numClasses, times, guidance, labelDropout, weighting }),
};

/**
 * The objective that a configuration names, for data with so many classes.
 *
 * @throws RangeError if it cannot be trained on such data.
 */
export function buildObjective(config: ObjectiveConfig, numClasses: number): Objective {
  if (config.guidance !== null && numClasses === 0) {
    throw new RangeError(
      'buildObjective: objective.guidance must be null for data without labels, got guidance.',
    );
  }
  return (builders[config.kind] as Builder<ObjectiveKind>)(config, numClasses);
}
