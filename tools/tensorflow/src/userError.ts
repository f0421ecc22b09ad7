/** A failure that is not ours: a wrong argument, a missing compiler, a full disk. It is shown as its message alone. */
export class UserError extends Error {
  /** What the process exits with: 2 for wrong usage, 1 for any other failure. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
