import { describe, expect, it } from 'vitest';
import { createDamageLog } from './damage';

const damage = (key: string) => ({
  shard: 'a.tar',
  key,
  offset: 512,
  problem: 'the JPEG must be whole, got 3 bytes',
});

describe('createDamageLog', () => {
  it('fails at the first damage, naming shard, key, offset and rule', () => {
    expect(() => {
      createDamageLog().report(damage('0001'));
    }).toThrow(/a\.tar, sample 0001 at byte 512: the JPEG must be whole, got 3 bytes\. Likely fix/);
  });

  it('counts what is left out, each place once', () => {
    const log = createDamageLog({ policy: 'skip' });
    log.report(damage('1'));
    log.report(damage('2'));
    log.report(damage('1'));
    expect(log.skipped).toBe(2);
    expect(log.damages.map(({ key }) => key)).toEqual(['1', '2']);
  });

  it('fails once more than maxSkipped samples are left out', () => {
    const log = createDamageLog({ policy: 'skip', maxSkipped: 5 });
    log.report({ ...damage('1'), samples: 5 });
    expect(() => {
      log.report(damage('2'));
    }).toThrow(/at most 5 damaged samples may be left out, got 6/);
  });

  it('refuses a maxSkipped that is no count', () => {
    expect(() => createDamageLog({ maxSkipped: -1 })).toThrow(RangeError);
  });
});
