import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli } from './cli.testdata';
import type { BuiltCli } from './cli.testdata';
import { openKillBench } from './kill.testdata';
import type { KillBench } from './kill.testdata';

let cli: BuiltCli | undefined;
beforeAll(() => {
  cli = buildCli();
});
afterAll(() => {
  cli?.remove();
});

// Few moments, for every test run; kill.long.ts tries many.
describe.each(['cpu', 'wasm'])('a training on %s', (backend) => {
  let bench: KillBench | undefined;
  beforeAll(async () => {
    bench = await openKillBench(cli!, backend, ['--threads', '1']);
  });
  afterAll(() => {
    bench?.remove();
  });
  it('that is killed three times at random moments ends as if it had not been', async () => {
    expect(await bench!.killed('thrice', 3, 1)).toBeGreaterThan(1);
  });
});
