const processEvents = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs `f` and removes the listeners that it added for uncaught errors of the whole process: emscripten's loaders do,
 * and then print errors in a way of their own.
 */
export async function withoutNewListeners<T>(f: () => Promise<T>): Promise<T> {
  const before = processEvents.map((event) => new Set<unknown>(process.rawListeners(event)));
  try {
    return await f();
  } finally {
    for (const [i, event] of processEvents.entries()) {
      for (const listener of process.rawListeners(event)) {
        if (before[i]?.has(listener) === false) process.off(event, listener as () => void);
      }
    }
  }
}
