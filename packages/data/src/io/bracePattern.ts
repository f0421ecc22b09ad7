const MOST_NAMES = 1_000_000;

function fail(pattern: string, problem: string): never {
  throw new Error(
    `expandBraces: ${pattern} must have at most ${MOST_NAMES} names and braces in pairs, ${problem}. Likely fix: check the pattern, as in train-{00000..00009}.tar.`,
  );
}

/** Position of the brace that closes the one at `open`; -1 if there is none. */
function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i;
  }
  return -1;
}

/** The parts between commas that are in no inner brace. */
function alternatives(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth++;
    if (character === '}') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] = (parts.at(-1) ?? '') + character;
  }
  return parts;
}

/** `00..10` or `0..10..2`; null if it is no range. */
function range(pattern: string, text: string): string[] | null {
  const match = /^(\d{1,15})\.\.(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(text);
  if (match === null) return null;
  const [, from = '', to = '', by = '1'] = match;
  const step = Math.max(Number(by), 1);
  const count = Math.floor(Math.abs(Number(to) - Number(from)) / step) + 1;
  if (count > MOST_NAMES) fail(pattern, `got a range of ${count}`);
  const padded = /^0\d/.test(from) || /^0\d/.test(to);
  const width = padded ? Math.max(from.length, to.length) : 0;
  const sign = Number(to) >= Number(from) ? 1 : -1;
  return Array.from({ length: count }, (_, i) => String(Number(from) + sign * i * step).padStart(width, '0'));
}

/**
 * Names that a pattern stands for, as a shell expands it: ranges `{00000..00004}` (with their leading zeros, and a step
 * after a second `..`) and lists `{a,b}`, nested as well. A brace with neither stays as it is.
 *
 * @throws Error, one sentence, if a brace is not closed or the names are more than a million.
 */
export function expandBraces(pattern: string): string[] {
  const expand = (text: string): string[] => {
    const open = text.indexOf('{');
    if (open < 0) return [text];
    const close = closingBrace(text, open);
    if (close < 0) fail(pattern, `got an open one at character ${pattern.length - text.length + open}`);
    const [before, inside] = [text.slice(0, open), text.slice(open + 1, close)];
    const parts = alternatives(inside);
    const middle =
      range(pattern, inside) ??
      (parts.length > 1 ? parts.flatMap(expand) : expand(inside).map((only) => `{${only}}`));
    const after = expand(text.slice(close + 1));
    const count = middle.length * after.length;
    if (count > MOST_NAMES) fail(pattern, `got ${count} names`);
    return middle.flatMap((name) => after.map((rest) => before + name + rest));
  };
  return expand(pattern);
}
