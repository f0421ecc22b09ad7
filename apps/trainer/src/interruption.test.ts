import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { watchInterruption } from './interruption';

// vitest has listeners of its own; only those that are added here are called.
const others = { SIGINT: process.rawListeners('SIGINT'), SIGTERM: process.rawListeners('SIGTERM') };
function press(name: 'SIGINT' | 'SIGTERM'): void {
  for (const listener of process.rawListeners(name)) {
    if (!others[name].includes(listener)) (listener as (signal: string) => void)(name);
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('watchInterruption', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'aborts at the first %s, and ends the process at the next',
    async (name) => {
      const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
      const first = vi.fn();
      const { signal, dispose } = watchInterruption(first);
      expect(signal.aborted).toBe(false);
      press(name);
      press(name); // the same Ctrl-C, passed on by npm
      expect([signal.aborted, first.mock.calls.length, exit.mock.calls.length]).toEqual([true, 1, 0]);
      await sleep(320);
      press(name);
      expect(exit.mock.calls).toEqual([[130]]);
      dispose();
    },
  );

  it('listens no longer than it has to', () => {
    const count = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
    const before = count();
    const { dispose } = watchInterruption(() => undefined);
    expect(count()).toBe(before + 2);
    dispose();
    expect(count()).toBe(before);
  });
});
