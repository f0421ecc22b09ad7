import { execFileSync } from 'node:child_process';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
// eslint-disable-next-line @nx/enforce-module-boundaries -- it is the trainer's count that threads follow
import { cpuCount } from '../../../apps/trainer/src/backends/cpuCount';

/** The machine of a run. */
export interface Machine {
  readonly cpu: string;
  /** CPUs that this process may use. */
  readonly cpus: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Commit of this repository, with `+` if files differ from it; null outside git. */
  readonly commit: string | null;
}

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

function commitNow(): string | null {
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
  } catch {
    return null;
  }
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpuCount(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    commit: commitNow(),
  };
}

/** Programs that wanted a CPU over the last minute: more than our own one or two means that the machine was busy. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}
