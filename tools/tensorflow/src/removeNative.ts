import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { undoChanges } from './changes';
import type { NativeOptions } from './configuration';
import { readJson, removeFolder } from './files';
import { withLock } from './lock';
import { readManifest } from './manifest';
import { BINDING_VERSION, isDeclared } from './nodePackage';
import { endOrphan } from './orphan';
import { openProject } from './project';
import type { Project } from './project';
import { stepLine } from './terminal';
import type { Terminal } from './terminal';

/**
 * Undoes everything that was done to a project. It may be stopped and called again: the manifest goes last.
 *
 * @throws UserError if another process is at it.
 */
export async function removeNative(options: NativeOptions, terminal: Terminal, cwd: string): Promise<void> {
  const project = openProject(options.project, cwd);
  if (!existsSync(project.state)) {
    terminal.out(`There is nothing to remove from ${project.folder}.`);
    return;
  }
  await withLock(join(project.state, 'lock'), () => {
    undo(project, terminal);
    return Promise.resolve();
  });
  removeFolder(project.state);
}

function undo({ folder, state, log }: Project, terminal: Terminal): void {
  endOrphan(log, state);
  terminal.out(`What was done to ${folder} is undone`);
  const { added = [], changes = [] } = readManifest(state) ?? {};
  const left = undoChanges({ project: folder, state }, changes);
  if (changes.length > 0)
    terminal.out(stepLine('installed', `${changes.length - left.length} files as they were`));
  for (const file of left) terminal.out(stepLine('left', `${file} has been changed by somebody else since`));
  for (const name of added) {
    const place = resolve(folder, name);
    if (!existsSync(place)) continue;
    const isOurs = !isDeclared(folder, packageName(place)) && versionOf(place) === BINDING_VERSION;
    if (isOurs) removeFolder(place);
    terminal.out(
      stepLine('package', `${name} ${isOurs ? 'removed' : 'left: the project asks for it by now'}`),
    );
  }
  for (const name of readdirSync(state)) {
    if (name !== 'manifest.json' && name !== 'lock') removeFolder(join(state, name));
  }
  terminal.out(stepLine('tensorflow', 'and all else in .native removed'));
}

const packageName = (place: string) => `${basename(dirname(place))}/${basename(place)}`;

function versionOf(place: string): string | undefined {
  return (readJson(join(place, 'package.json')) as { version?: string } | null)?.version;
}
