/** Text out of a file as part of a message: on one line, and not longer than one can read. */
export function printable(text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, '?');
  return line.length > 80 ? `${line.slice(0, 80)}...` : line;
}
