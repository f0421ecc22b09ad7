import { join } from 'node:path';
import { readJson, writeWhole } from './files';
import type { Machine } from './machine';
import type { NodeHeaders } from './nodeHeaders';
import type { PackageName } from './nodePackage';
import type { SelfTestReport } from './selfTest';
import type { Tensorflow } from './tensorflow';
import { UserError } from './userError';

/** What somebody asked for. */
export interface Configuration {
  /** Whether it is the wheel with the libraries of CUDA. */
  readonly gpu: boolean;
  /** Version of the wheel; null for a TensorFlow that was there before. */
  readonly tensorflow: string | null;
  /** The Python that was named; null for the first that was found. */
  readonly python: string | null;
}

/** A file that was written into a package of somebody else. */
export interface Change {
  /** Relative to the project, with slashes. */
  readonly file: string;
  /** SHA-256 of what was there before, which is kept in `originals`; null if there was no file. */
  readonly before: string | null;
  /** SHA-256 of everything that we ever wrote there, the newest last. */
  readonly ours: readonly string[];
}

/** `.native/manifest.json`: what was done to a project, written before it is done. */
export interface Manifest {
  readonly format: 1;
  readonly state: 'incomplete' | 'complete';
  /** Version of this program. */
  readonly tool: string;
  /** What was asked for the last time that all went well; null if it never did. */
  readonly configuration: Configuration | null;
  /** Folders of packages that were not there before, relative to the project. */
  readonly added: readonly string[];
  readonly changes: readonly Change[];
  /** What came of that. */
  readonly result: ManifestResult | null;
}

/** What a complete installation consists of. */
export interface ManifestResult {
  readonly date: string;
  readonly machine: Machine;
  readonly node: string;
  readonly python: { readonly executable: string; readonly version: string };
  readonly package: { readonly name: PackageName; readonly version: string };
  readonly tensorflow: Tensorflow;
  readonly binding: {
    /** SHA-256 of all that it was compiled from. */
    readonly key: string;
    readonly compiler: string;
    readonly headers: NodeHeaders;
    /** SHA-256 of each file. */
    readonly files: Readonly<Record<string, string>>;
  };
  readonly selfTest: SelfTestReport;
}

const file = (state: string) => join(state, 'manifest.json');

/**
 * Reads what was done.
 *
 * @param state The folder `.native`.
 * @returns null if nothing was.
 * @throws UserError if another version of this program wrote it.
 */
export function readManifest(state: string): Manifest | null {
  const manifest = readJson(file(state)) as { readonly format?: unknown } | null;
  if (manifest === null) return null;
  if (manifest.format === 1) return manifest as Manifest;
  throw new UserError(
    `${file(state)} is of another version of this program (format ${String(manifest.format)}). Undo it with that version: --remove.`,
  );
}

/** Writes what is about to be done, or was. */
export function writeManifest(state: string, manifest: Manifest): void {
  writeWhole(file(state), `${JSON.stringify(manifest, null, 2)}\n`);
}
