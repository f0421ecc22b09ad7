import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { messageOf, UserError } from '../userError';
import { knownKeys, kindsOf, schemaTree, unknownKeys } from './keys';
import type { SchemaNode } from './keys';
import { suggestion } from './nearest';
import { presets } from './presets';
import { describeIssue } from './problems';
import { configSchema } from './schema';
import type { RunConfig } from './schema';
import { isGroup, parseAssignment, setPath } from './setPath';
import type { RawConfig } from './setPath';

/** A preset's configuration. */
export function presetConfig(name: string): RawConfig {
  const found = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (found !== undefined) return found.config;
  const names = Object.keys(presets);
  const hint = suggestion(name, names);
  throw new UserError(`--preset must be one of ${names.join(', ')}, got ${name}${hint === '' ? '.' : hint}`);
}

/** A YAML file's configuration. */
export function fileConfig(path: string): RawConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    throw new UserError(`${path} must be a readable file, got ${code}.`);
  }
  const document = parseDocument(text, { logLevel: 'error' });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const [line = ''] = problem.message.split('\n');
    throw new UserError(`${path} must be YAML, but ${line.replace(/:$/, '')}.`);
  }
  const value: unknown = document.toJS();
  if (!isGroup(value))
    throw new UserError(`${path} must hold keys and values, got ${JSON.stringify(value)}.`);
  return value;
}

/** Applies `--set path.to.key=value`, one after the other. */
export function applyAssignments(config: RawConfig, assignments: readonly string[]): RawConfig {
  return assignments.map(parseAssignment).reduce((changed, next) => setPath(changed, next), config);
}

function kindsAt(tree: SchemaNode, path: string): readonly string[] {
  const node = path.split('.').reduce<SchemaNode | undefined>((inner, key) => inner?.properties?.[key], tree);
  return [...(node?.anyOf ?? []), ...(node?.oneOf ?? [])].flatMap(kindsOf);
}

/** `model.kind mlp`: the kind of the innermost group around a key that has one; empty if there is none. */
function kindAround(raw: RawConfig, path: string): string {
  const parts = path.split('.').slice(0, -1);
  for (let end = parts.length; end > 0; end--) {
    const group = parts
      .slice(0, end)
      .reduce<unknown>((inner, key) => (isGroup(inner) ? inner[key] : undefined), raw);
    if (isGroup(group) && typeof group['kind'] === 'string')
      return `${parts.slice(0, end).join('.')}.kind ${group['kind']}`;
  }
  return '';
}

function unknownKeyProblems(raw: RawConfig, tree: SchemaNode): string[] {
  const unknown = unknownKeys(raw, tree);
  if (unknown.length === 0) return [];
  const known = knownKeys(raw, tree);
  const ofAnyKind = knownKeys({}, tree);
  return unknown.map((path) => {
    if (ofAnyKind.includes(path)) return `unknown key ${path} for ${kindAround(raw, path)}.`;
    const hint = suggestion(path, known);
    return `unknown key ${path}${hint === '' ? '.' : hint}`;
  });
}

/** An objective without a kind is MeanFlow's; data and models have no usual kind. */
function withUsualKind(raw: RawConfig): RawConfig {
  const objective = raw['objective'];
  return isGroup(objective) ? { ...raw, objective: { kind: 'meanflow', ...objective } } : raw;
}

/**
 * Checks a configuration and fills in every default.
 *
 * @throws UserError with one sentence for each problem, a line each.
 */
export function resolveConfig(config: RawConfig): RunConfig {
  const raw = withUsualKind(config);
  const tree = schemaTree();
  const unknown = unknownKeyProblems(raw, tree);
  const { success, data, error } = configSchema.safeParse(raw);
  const problems = (error?.issues ?? []).filter(({ code }) => code !== 'unrecognized_keys');
  const sentences = [
    ...unknown,
    ...problems.map((issue) => describeIssue(issue, raw, (path) => kindsAt(tree, path))),
  ];
  if (sentences.length > 0) throw new UserError(sentences.join('\n'));
  if (!success) throw new Error('internal: a configuration was refused without a reason.');
  return data;
}
