/** A promise that is only ever rejected, and may be. */
export interface Ending {
  readonly promise: Promise<never>;
  reject(reason: Error): void;
}

/** An ending that has not come; nobody has to listen to it. */
export function createEnding(): Ending {
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<never>((_, end) => {
    reject = end;
  });
  promise.catch(() => undefined);
  return { promise, reject };
}

/**
 * An object whose calls, and those of the objects in it, fail when the ending comes: what is asked of a worker that was
 * stopped would never be answered.
 */
export function guard<T extends object>(remote: T, ending: Promise<never>): T {
  return new Proxy(remote, {
    get: (target, key, receiver) => {
      const value: unknown = Reflect.get(target, key, receiver);
      return (typeof value === 'object' || typeof value === 'function') && value !== null
        ? guard(value, ending)
        : value;
    },
    apply: (target, _self, args: unknown[]) =>
      Promise.race([(target as unknown as (...args: unknown[]) => unknown)(...args), ending]),
  });
}
