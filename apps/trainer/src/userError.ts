/**
 * A failure that is not ours: a wrong argument, a damaged file, a missing package. It is shown as its message alone.
 */
export class UserError extends Error {
  /** What the process exits with: 2 for wrong usage, configuration or input, 1 for any other failure. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 2) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a library threw this on purpose, with a sentence for the user: our style for rules that do not hold. */
function isDeliberate(error: unknown): error is Error {
  if (!(error instanceof Error) || error.message.startsWith('internal:')) return false;
  return [Error, RangeError].some((kind) => error.constructor === kind);
}

/**
 * Turns a library's error about its arguments into a {@link UserError}, without the name of the function in front.
 * Anything else, such as a TypeError, is our own mistake and stays as it is.
 */
export function asUserError(error: unknown, exitCode: 1 | 2 = 2): unknown {
  if (!isDeliberate(error)) return error;
  return new UserError(error.message.replace(/^[A-Za-z]\w*: /, ''), exitCode);
}

/** Runs `f`, whose arguments are the user's: what a library refuses becomes a {@link UserError}. */
export async function withUserInput<T>(f: () => T | Promise<T>): Promise<T> {
  try {
    return await f();
  } catch (error) {
    throw asUserError(error);
  }
}
