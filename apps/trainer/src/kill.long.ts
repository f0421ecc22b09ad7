import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli } from './cli.testdata';
import type { BuiltCli } from './cli.testdata';
import { openKillBench } from './kill.testdata';
import type { KillBench } from './kill.testdata';

const MOMENTS = 25;
const AT_LEAST = 20; // a moment near the end may come after it

let cli: BuiltCli | undefined;
beforeAll(() => {
  cli = buildCli();
});
afterAll(() => {
  cli?.remove();
});

// With as many threads as there are cores on wasm, as users have it.
describe.each(['cpu', 'wasm'])('a training on %s', (backend) => {
  let bench: KillBench | undefined;
  let kills = 0;
  beforeAll(async () => {
    bench = await openKillBench(cli!, backend, []);
  });
  afterAll(() => {
    bench?.remove();
  });
  it.each(Array.from({ length: MOMENTS }, (_, i) => i))(
    'that is killed at random moment %d ends as if it had not been',
    async (i) => {
      kills += await bench!.killed(`once-${i}`, 1, 100 + i);
    },
  );
  it('was killed often enough', () => {
    expect(kills).toBeGreaterThanOrEqual(AT_LEAST);
  });
  it('that is killed ten times in a row ends as if it had not been', async () => {
    expect(await bench!.killed('often', 10, 99)).toBeGreaterThan(5);
  });
});
