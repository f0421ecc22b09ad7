import { z } from 'zod';
import { configSchema } from './schema';
import { isGroup } from './setPath';

/** The part of a JSON schema that is read here. */
export interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly default?: unknown;
  readonly description?: string;
}

/** The configuration's schema as JSON schema: a tree that can be walked. */
export function schemaTree(): SchemaNode {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
}

/** The kinds that a schema allows for its `kind` key. */
export function kindsOf(node: SchemaNode): readonly string[] {
  const kind = node.properties?.['kind'];
  return (kind?.enum ?? (kind?.const === undefined ? [] : [kind.const])).map(String);
}

/** The groups that a value may be: those of its `kind` where it has a known one, else all. */
export function groupsFor(node: SchemaNode, value: unknown): readonly SchemaNode[] {
  const members = [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])].filter((member) => member.properties);
  const kind = isGroup(value) ? value['kind'] : undefined;
  const named = members.filter((member) => kindsOf(member).some((name) => name === kind));
  return named.length > 0 ? named : members;
}

/** Paths of all keys that a configuration may have, given the kinds that it names. */
export function knownKeys(value: unknown, node: SchemaNode = schemaTree(), prefix = ''): string[] {
  const groups = groupsFor(node, value);
  return groups.flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([key, child]) => {
      const inner = isGroup(value) ? value[key] : undefined;
      return [`${prefix}${key}`, ...knownKeys(inner, child, `${prefix}${key}.`)];
    }),
  );
}

/** Paths of all values in a configuration that no key of the schema is for. */
export function unknownKeys(value: unknown, node: SchemaNode = schemaTree(), prefix = ''): string[] {
  const groups = groupsFor(node, value);
  if (!isGroup(value) || groups.length === 0) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const children = groups.flatMap(
      ({ properties = {} }) => (Object.hasOwn(properties, key) ? properties[key] : undefined) ?? [],
    );
    const path = `${prefix}${key}`;
    return children.length === 0
      ? leaves(inner, path)
      : children.slice(0, 1).flatMap((child) => unknownKeys(inner, child, `${path}.`));
  });
}

function leaves(value: unknown, path: string): string[] {
  if (!isGroup(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}
