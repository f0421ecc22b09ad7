import { groupsFor, kindsOf, schemaTree } from './keys';
import type { SchemaNode } from './keys';
import { show } from './show';

function limits({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: SchemaNode): string {
  const least = minimum ?? exclusiveMinimum;
  const most = maximum ?? exclusiveMaximum;
  const bounded = most !== undefined && most < Number.MAX_SAFE_INTEGER;
  if (least === undefined) return '';
  if (!bounded) return exclusiveMinimum === undefined ? ` >= ${least}` : ` > ${least}`;
  return ` in [${least}, ${most}${exclusiveMaximum === undefined ? ']' : ')'}`;
}

function typeText(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.length > 8 ? 'a name' : node.enum.map(String).join(' | ');
  const [inner = node] = (node.anyOf ?? []).filter(({ type }) => type !== 'null');
  const names: Readonly<Record<string, string>> = {
    integer: 'whole number',
    number: 'number',
    string: 'text',
    boolean: 'true | false',
    object: 'group of keys',
  };
  const type = Array.isArray(inner.type) ? String(inner.type[0]) : (inner.type ?? '');
  return `${names[type] ?? type}${limits(inner)}`;
}

function keyLine(path: string, node: SchemaNode): string {
  const usual = node.default === undefined ? '' : ` (default ${show(node.default)})`;
  const meaning = node.description === undefined ? '' : `: ${node.description}`;
  return `    ${path.padEnd(32)} ${typeText(node)}${meaning}${usual}`;
}

/** The keys of a group, all kinds of it one after the other. */
function groupLines(node: SchemaNode, prefix: string): string[] {
  return groupsFor(node, undefined).flatMap((group) => {
    const kinds = kindsOf(group);
    const isKind =
      group.properties?.['kind']?.const !== undefined || kinds.some((kind) => kind.startsWith('toy-'));
    const title = isKind ? [`  ${prefix}kind ${kinds.join(' | ')}`] : [];
    const entries = Object.entries(group.properties ?? {}).filter(([key]) => !(isKind && key === 'kind'));
    return [...title, ...entries.flatMap(([key, child]) => lines(child, `${prefix}${key}`))];
  });
}

function lines(node: SchemaNode, path: string): string[] {
  const groups = groupsFor(node, undefined);
  if (groups.length === 0) return [keyLine(path, node)];
  const optional = (node.anyOf ?? []).some(({ type }) => type === 'null') ? [keyLine(path, node)] : [];
  return [...optional, ...groupLines(node, `${path}.`)];
}

/** Every configuration key with its type, range, meaning and default, a line each. */
export function keysHelp(): string {
  return groupLines(schemaTree(), '').join('\n');
}
