/** Headers of the paths that fit a pattern. */
export interface HeaderRule {
  pattern: string;
  headers: [name: string, value: string][];
}

/** Reads a file of headers as Netlify and Cloudflare Pages know it. */
export function readHeaders(text: string): HeaderRule[];

/** The headers of a path, which begins with a slash; later rules count. */
export function headersFor(rules: readonly HeaderRule[], path: string): Record<string, string>;

/** The rules of a built page. */
export function headersOf(folder: string): HeaderRule[];
