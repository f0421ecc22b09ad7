let current: object | null = null;

/**
 * Marks operations that belong together: where a program is compiled with `xla: 'fused'`, XLA makes one loop of the
 * elementwise operations, sums and reshapes in it. Everywhere else this only calls `f`.
 *
 * Worth it for chains over many elements, such as an activation function. Matrix products in between stay what they
 * are. Inside of another mark it has no effect of its own.
 *
 * @param f Synchronous function.
 * @returns What `f` returns.
 */
export function fused<T>(f: () => T): T {
  if (current !== null) return f();
  current = {};
  try {
    return f();
  } finally {
    current = null;
  }
}

/** The mark inside of which operations are executed now, or null. */
export function currentMark(): object | null {
  return current;
}
