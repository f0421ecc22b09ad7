/** Classes of files by their paths. */
export interface LabelList {
  readonly labels: ReadonlyMap<string, number>;
  /** Where the list names classes in words: those, sorted. */
  readonly classNames?: readonly string[];
}

/** Names that a list of labels has beside the images, in the order in which they are looked for. */
export const LABEL_FILES = [
  'dataset.json',
  'labels.json',
  'labels.jsonl',
  'labels.csv',
  'metadata.jsonl',
  'metadata.csv',
] as const;

const FILE_COLUMNS = ['file', 'file_name', 'filename', 'image', 'path', 'name'];
const LABEL_COLUMNS = ['label', 'labels', 'class', 'cls', 'class_id', 'class_name', 'category'];

type Row = readonly [file: unknown, label: unknown];

function fail(name: string, problem: string): never {
  throw new Error(
    `parseLabels: ${name} must list files and labels, ${problem}. Likely fix: write lines of "file,label", or {"labels": [["file", label], ...]}.`,
  );
}

/** Fields of a line of CSV, RFC 4180 without line breaks in fields. */
function fieldsOf(line: string): string[] {
  const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
  return fields.map(([, quoted, plain]) => (quoted?.replaceAll('""', '"') ?? plain ?? '').trim());
}

/** A value for a message; undefined has no JSON. */
function show(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return (text ?? 'undefined').slice(0, 80);
}

const linesOf = (text: string) => text.split(/\r?\n/).filter((line) => line.trim() !== '');

function rowsOfCsv(name: string, text: string): Row[] {
  const table = linesOf(text).map(fieldsOf);
  const head = table[0]?.map((field) => field.toLowerCase()) ?? [];
  const [file, label] = [FILE_COLUMNS, LABEL_COLUMNS].map((names) =>
    head.findIndex((field) => names.includes(field)),
  );
  const named = file !== undefined && label !== undefined && file >= 0 && label >= 0;
  const rows = named ? table.slice(1) : table;
  const [fileAt, labelAt] = named ? [file, label] : [0, 1];
  return rows.map((row, i) => {
    const [path, value] = [row[fileAt], row[labelAt]];
    if (path === undefined || value === undefined) fail(name, `got one column in row ${i + 1}`);
    return [path, value];
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function rowOfObject(name: string, value: unknown): Row {
  if (Array.isArray(value) && value.length >= 2) return [value[0], value[1]];
  const find = (names: readonly string[]) => {
    const key = isRecord(value) ? names.find((candidate) => Object.hasOwn(value, candidate)) : undefined;
    return key === undefined ? undefined : (value as Record<string, unknown>)[key];
  };
  const [file, label] = [find(FILE_COLUMNS), find(LABEL_COLUMNS)];
  if (file === undefined || label === undefined) fail(name, `got ${show(value)}`);
  return [file, label];
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(name, `got an error in its JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function rowsOfJson(name: string, text: string): Row[] | null {
  const value = json(name, text);
  const list = isRecord(value) && 'labels' in value ? value['labels'] : value;
  if (list === null) return null; // what dataset_tool writes for a set without labels
  if (Array.isArray(list)) return list.map((entry) => rowOfObject(name, entry));
  if (isRecord(list)) return Object.entries(list);
  return fail(name, `got ${show(list)}`);
}

function rowsOf(name: string, text: string): Row[] | null {
  if (/\.csv$/i.test(name)) return rowsOfCsv(name, text);
  if (/\.jsonl$/i.test(name)) return linesOf(text).map((line) => rowOfObject(name, json(name, line)));
  return rowsOfJson(name, text);
}

/**
 * Reads a list of labels: CSV (with a header, or file and label as the first columns), JSON lines, or JSON: an object
 * of labels by file, a list of pairs or objects, or `{"labels": ...}` of these as StyleGAN's and EDM's dataset_tool
 * writes it.
 *
 * @param name Name of the file; its extension tells the format.
 * @returns Classes by path with `/`; null for a list that says that there are none.
 * @throws Error, one sentence, if it is damaged, or a label is neither an integer of at least 0 nor a word.
 */
export function parseLabels(name: string, text: string): LabelList | null {
  const rows = rowsOf(name, text.replace(/^\uFEFF/, ''));
  if (rows === null) return null;
  const wordOf = (label: unknown) => {
    if (typeof label === 'string' && label !== '') return label;
    if (Number.isSafeInteger(label) && (label as number) >= 0) return String(label);
    return fail(name, `got the label ${show(label)}`);
  };
  const words = rows.map(([, label]) => wordOf(label));
  const numbers = words.every((word) => /^\d{1,9}$/.test(word));
  const classNames = numbers ? undefined : [...new Set(words)].sort();
  const classes = new Map(classNames?.map((word, i) => [word, i]));
  const labels = new Map<string, number>();
  rows.forEach(([file], i) => {
    if (typeof file !== 'string' || file === '') fail(name, `got the file ${show(file)}`);
    const word = words[i] ?? '';
    labels.set(file.replaceAll('\\', '/').replace(/^\.\//, ''), classes.get(word) ?? Number(word));
  });
  return { labels, ...(classNames && { classNames }) };
}
