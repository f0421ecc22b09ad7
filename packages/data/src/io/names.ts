/** A path, or an address without its query and revision: what ends in an extension. */
export function plainName(name: string): string {
  if (name.startsWith('hf://')) return name.replace(/@[^@/]*$/, '');
  return /^https?:\/\//i.test(name) ? name.replace(/[?#].*$/, '') : name;
}
