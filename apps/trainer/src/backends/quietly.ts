const methods = ['log', 'info', 'warn', 'error'] as const;
const silent = Object.fromEntries(methods.map((method) => [method, () => undefined]));

/** Runs `f` with the console silent: backends greet and warn when they are loaded. */
export async function quietly<T>(f: () => Promise<T>): Promise<T> {
  const originals = Object.fromEntries(
    methods.map((method) => [method, Reflect.get(console, method) as unknown]),
  );
  Object.assign(console, silent);
  try {
    return await f();
  } finally {
    Object.assign(console, originals);
  }
}
