import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** CPUs that quota and period of a control group allow on average; Infinity where there is no quota. */
export function cpusOfQuota(quota: string, period: string): number {
  const cpus = Number(quota) / Number(period);
  return Number.isFinite(cpus) && cpus > 0 ? cpus : Infinity; // `max` in version 2 and -1 in version 1 mean none
}

/** The quota of this container: control groups of version 2, else of version 1, else none. */
function readQuota(root = '/sys/fs/cgroup'): number {
  const read = (name: string) => readFileSync(`${root}/${name}`, 'utf8').trim();
  try {
    const [quota = '', period = ''] = read('cpu.max').split(' ');
    return cpusOfQuota(quota, period);
  } catch {
    // not version 2
  }
  try {
    return cpusOfQuota(read('cpu/cpu.cfs_quota_us'), read('cpu/cpu.cfs_period_us'));
  } catch {
    return Infinity; // not Linux
  }
}

/**
 * Number of CPUs for this process, at least 1: also what a container allows, which Node 20 does not look at and counts the
 * cores of the whole machine instead.
 */
export function cpuCount(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(readQuota())));
}
