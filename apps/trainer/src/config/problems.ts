import type { z } from 'zod';
import { suggestion } from './nearest';
import { isGroup } from './setPath';
import { show } from './show';

type Issue = z.core.$ZodIssue;

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isGroup(inner) && Object.hasOwn(inner, String(key)) ? inner[String(key)] : undefined),
    value,
  );
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'a group of keys',
};

function oneOf(names: readonly unknown[], value: unknown): string {
  const list = names.map(String);
  const hint = typeof value === 'string' ? suggestion(value, list) : '';
  return `must be one of ${list.join(', ')}, got ${show(value)}${hint === '' ? '.' : hint}`;
}

function bound(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  if (issue.code === 'too_small') {
    return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`;
  }
  return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${String(issue.maximum)}`;
}

function rule(issue: Issue, value: unknown, kinds: (path: string) => readonly string[]): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}, got ${show(value)}.`;
    case 'too_small':
    case 'too_big':
      return `${bound(issue)}, got ${show(value)}.`;
    case 'invalid_value':
      return oneOf(issue.values, value);
    case 'invalid_union':
      return oneOf(kinds(issue.path.slice(0, -1).join('.')), value);
    default:
      return value === undefined ? `${issue.message}.` : `${issue.message}, got ${show(value)}.`;
  }
}

/**
 * One sentence for what is wrong with a configuration: key, rule, value.
 *
 * @param config What was checked.
 * @param kinds The kinds that the group at a path may have.
 */
export function describeIssue(
  issue: Issue,
  config: unknown,
  kinds: (path: string) => readonly string[],
): string {
  const path = issue.path.join('.');
  return `${path === '' ? 'the configuration' : path} ${rule(issue, valueAt(config, issue.path), kinds)}`;
}
