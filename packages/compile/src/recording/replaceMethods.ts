/** Replaces properties of an object and returns the function that puts the old ones back. */
export function replaceMethods<T extends object>(target: T, methods: Partial<T>): () => void {
  const names = Object.keys(methods) as (keyof T)[];
  const originals = names.map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const);
  Object.assign(target, methods);
  return () => {
    for (const [name, descriptor] of originals) {
      if (descriptor === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, descriptor);
    }
  };
}
