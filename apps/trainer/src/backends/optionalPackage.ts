import { quietly } from './quietly';

/** What came of importing a package that need not be there. */
export type OptionalPackage =
  | { readonly state: 'loaded'; readonly module: Readonly<Record<string, unknown>> }
  | { readonly state: 'absent' }
  /** It is there, but does not load. */
  | { readonly state: 'broken'; readonly reason: string };

/**
 * Imports a package by a name that only the running program knows, so that neither a bundler nor npm takes it for a
 * dependency.
 */
export async function importOptional(name: string): Promise<OptionalPackage> {
  try {
    const module = (await quietly(() => import(/* @vite-ignore */ name))) as Readonly<
      Record<string, unknown>
    >;
    return { state: 'loaded', module };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Only its own absence: a package that it needs may be missing too.
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return { state: 'absent' };
    const [line = ''] = message.split('\n');
    return { state: 'broken', reason: line.trim().replace(/\.$/, '') };
  }
}
