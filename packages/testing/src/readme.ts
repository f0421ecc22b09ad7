import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

/**
 * Runs the first ```ts block of a package's README as a module of that package, so that the example a reader copies
 * is known to work. The example's own statements are the check: it should end with a comparison that throws.
 *
 * @param testUrl `import.meta.url` of a test in the package's `src`; the README is one folder up.
 * @returns The module's exports.
 */
export async function runReadmeExample(testUrl: string): Promise<Record<string, unknown>> {
  const packageRoot = fileURLToPath(new URL('..', testUrl));
  const block = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8'))?.[1];
  if (block === undefined) throw new Error(`testing: ${packageRoot}README.md has no \`\`\`ts block.`);
  const folder = mkdtempSync(join(packageRoot, 'src', '.readme-')); // inside the package: imports resolve as for a user
  try {
    const file = join(folder, 'example.mjs');
    writeFileSync(
      file,
      ts.transpile(block, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 }),
    );
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
