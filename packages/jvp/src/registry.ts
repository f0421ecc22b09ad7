import type { JvpRule } from './rule';
import { builtinRules } from './rules/index';

const rules = new Map<string, JvpRule>(Object.entries(builtinRules));

/**
 * Sets the forward-mode rule of a kernel, replacing the one that is there, for the rest of the process.
 *
 * @param kernelName Name under which tfjs runs the kernel, e.g. `TopK`; the message of a missing rule states it.
 * @param rule The kernel's derivative. See {@link JvpRule}.
 * @throws TypeError if `rule` is not a function.
 */
export function registerJvp(kernelName: string, rule: JvpRule): void {
  if (typeof rule !== 'function') {
    throw new TypeError(`registerJvp: the rule of ${kernelName} must be a function, got ${typeof rule}.`);
  }
  rules.set(kernelName, rule);
}

/** Names of all kernels that have a rule, sorted. */
export function kernelsWithJvp(): string[] {
  return [...rules.keys()].sort();
}

/** The rule of a kernel, if it has one. */
export function findRule(kernelName: string): JvpRule | undefined {
  return rules.get(kernelName);
}
