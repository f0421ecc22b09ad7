import type { JsonValue } from '@meanflow/train';
import type { DatasetInfo } from '@meanflow/train/run';
import { z } from 'zod';
import { resolveConfig } from '../config/load';
import type { RunConfig } from '../config/schema';
import { isGroup } from '../config/setPath';
import { UserError } from '../userError';

const datasetSchema = z.object({
  name: z.string(),
  count: z.int().min(1),
  sampleShape: z.array(z.int().min(1)).min(1),
  numClasses: z.int().min(0),
});

/**
 * Reads the configuration of a weights file.
 *
 * @param source Where it is from, for the message.
 * @throws UserError if the file was not written by this program.
 */
export function readCheckpointConfig(
  value: JsonValue,
  source: string,
): { config: RunConfig; dataset: DatasetInfo } {
  const { dataset, ...config } = isGroup(value) ? value : { dataset: null };
  const parsed = datasetSchema.safeParse(dataset);
  if (!parsed.success)
    throw new UserError(
      `${source} must be a checkpoint of meanflow train, but its configuration names no data set.`,
    );
  return { config: resolveConfig(config), dataset: parsed.data };
}
