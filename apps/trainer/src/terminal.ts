/** Where a command prints. */
export interface Terminal {
  /** A line, or several, of what was asked for. */
  readonly out: (text: string) => void;
  /** A line, or several, of warnings and errors. */
  readonly err: (text: string) => void;
  /** A terminal that can redraw a line; null for files, pipes and tests. */
  readonly screen: NodeJS.WriteStream | null;
  /** How the user called the program, e.g. `meanflow`: for commands that are printed to be copied. */
  readonly program: string;
}

/** Text that ends with a line end. */
export function line(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** A command to copy: arguments with spaces or the like are quoted. */
export function commandLine(program: string, args: readonly string[]): string {
  const quoted = args.map((arg) =>
    /^[\w./:=,@-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`,
  );
  return [program, ...quoted].join(' ');
}
