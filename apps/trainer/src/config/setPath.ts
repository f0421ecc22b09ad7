import { parse } from 'yaml';
import { messageOf, UserError } from '../userError';
import { show } from './show';

/** A configuration before it is checked: nested keys with values as YAML has them. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** `path.to.key=value` of the command line. */
export interface Assignment {
  readonly path: readonly string[];
  readonly value: unknown;
}

export function isGroup(value: unknown): value is RawConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads `path.to.key=value`; the value is YAML: `0.1`, `true`, `null`, `moons`, `{ kind: mlp, depth: 2 }`.
 *
 * @throws UserError if there is no key, no equals sign, or the value is not YAML.
 */
export function parseAssignment(text: string): Assignment {
  const equals = text.indexOf('=');
  const path = text.slice(0, equals).trim().split('.');
  if (equals < 0 || path.includes('')) {
    throw new UserError(`--set must be path.to.key=value, got ${text}.`);
  }
  try {
    return { path, value: parse(text.slice(equals + 1), { logLevel: 'error' }) };
  } catch (error) {
    const [problem = ''] = messageOf(error).split('\n');
    throw new UserError(
      `--set ${path.join('.')} must have a YAML value, got ${text.slice(equals + 1)} (${problem.replace(/:$/, '')}).`,
    );
  }
}

/**
 * A copy of a configuration with one value replaced; groups on the way are made.
 *
 * @throws UserError if a key on the way holds a value and not a group.
 */
export function setPath(
  config: RawConfig,
  { path, value }: Assignment,
  done: readonly string[] = [],
): RawConfig {
  const [key = '', ...rest] = path;
  if (rest.length === 0) return { ...config, [key]: value };
  const inner = Object.hasOwn(config, key) ? config[key] : undefined;
  const here = [...done, key];
  if (inner !== undefined && inner !== null && !isGroup(inner)) {
    throw new UserError(
      `${here.join('.')} holds a value, ${show(inner)}, so ${[...here, ...rest].join('.')} cannot be set.`,
    );
  }
  return { ...config, [key]: setPath(isGroup(inner) ? inner : {}, { path: rest, value }, here) };
}
