import { show } from './show';
import type { RunConfig } from './schema';
import { isGroup } from './setPath';

/** A value that differs between two configurations. */
export interface Change {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Where two configurations differ, value by value. */
export function changesBetween(from: unknown, to: unknown, path = ''): Change[] {
  if (!isGroup(from) || !isGroup(to))
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ path, from, to }];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => changesBetween(from[key], to[key], path === '' ? key : `${path}.${key}`));
}

/** Keys without which a run would not be the same run: its weights, its data, its random numbers. */
const fixedKeys: readonly (keyof RunConfig)[] = ['data', 'model', 'objective', 'batchSize', 'seed'];

/** Of these, where data lie and how they are read, which may change: that they are the same is checked when they are open. */
const freeKeys = ['data.path', 'data.folder', 'data.workers', 'data.onDamage', 'data.maxSkipped'];

/** Whether a change would make another run of it. */
export function isFixed({ path }: Change): boolean {
  if (freeKeys.includes(path)) return false;
  return fixedKeys.some((key) => path === key || path.startsWith(`${key}.`));
}

/** `optimizer.lr 0.001 -> 0.0005`. */
export function showChange({ path, from, to }: Change): string {
  return `${path} ${show(from)} -> ${show(to)}`;
}
