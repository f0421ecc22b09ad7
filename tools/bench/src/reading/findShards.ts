import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * The training shards of CIFAR-10 in a folder: all with `train` in their name, else all.
 *
 * @param folder Default: MEANFLOW_CIFAR10, else `shared/data/cifar10` beside the workspace.
 * @throws Error if there are none.
 */
export function findShards(
  folder: string | undefined,
  workspace: string,
  variables: NodeJS.ProcessEnv = process.env,
): string[] {
  const place = resolve(
    folder ??
      variables['MEANFLOW_CIFAR10'] ??
      join(variables['MEANFLOW_SHARED'] ?? join(workspace, '../shared'), 'data/cifar10'),
  );
  const files = existsSync(place) ? readdirSync(place).sort() : [];
  const shards = files.filter((name) => /\.(tar|tar\.gz|tgz)$/.test(name));
  const training = shards.filter((name) => name.includes('train'));
  if (shards.length === 0) {
    throw new Error(
      `bench data: the folder must hold WebDataset shards, got none in ${place}. Likely fix: name another with --folder or MEANFLOW_CIFAR10.`,
    );
  }
  return (training.length > 0 ? training : shards).map((name) => join(place, name));
}
