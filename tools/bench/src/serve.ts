import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { Absent } from './child';
import { decodeInputs } from './inputs';
import type { Answer, Greeting, Request } from './protocol';
import type { Step, StepProgram } from './stepProgram';

/** Starts a program, or says what it lacks. */
type Starter = () => Promise<StepProgram | Absent>;

const starters = {
  ours: async () => (await import('./programs/ours')).startOurs('tensorflow', null),
  'ours-graph': async () => (await import('./programs/ours')).startOurs('tensorflow', { xla: false }),
  'ours-fused': async () => (await import('./programs/ours')).startOurs('tensorflow', { xla: 'fused' }),
  'ours-shards': async () =>
    (await import('./programs/ours')).startOurs('tensorflow', { xla: 'fused' }, availableParallelism()),
  'ours-xla': async () => (await import('./programs/ours')).startOurs('tensorflow', { xla: true }),
  'ours-wasm': async () => (await import('./programs/ours')).startOurs('wasm', null),
  'ours-webgpu': async () => (await import('./programs/ours')).startOurs('webgpu', {}),
  tfjs: async () => (await import('./programs/plainTfjs')).startPlainTfjs('tensorflow'),
  'tfjs-wasm': async () => (await import('./programs/plainTfjs')).startPlainTfjs('wasm'),
  'tfjs-webgpu': async () => (await import('./programs/plainTfjs')).startPlainTfjs('webgpu'),
  'jax-js': async () => (await import('./programs/jaxJs')).startJaxJs(),
} satisfies Record<string, Starter>;

/** Names of the programs that this package serves itself. */
export type ServedName = keyof typeof starters;

const PRODUCT_MS = 150;

/** The shortest of so many runs as fit into a while, after two to warm up. */
async function bestMs(run: () => Promise<void>): Promise<number> {
  await run();
  await run();
  let best = Infinity;
  const end = performance.now() + PRODUCT_MS;
  for (;;) {
    const start = performance.now();
    await run();
    const now = performance.now();
    best = Math.min(best, now - start);
    if (now > end) return best;
  }
}

const meanSquare = (samples: Float32Array) =>
  samples.reduce((sum, value) => sum + value * value, 0) / samples.length;

/** Answers the requests for one program. */
function answerer(program: StepProgram): (request: Request) => Promise<Answer> {
  let step: Step | null = null;
  return async (request) => {
    switch (request.do) {
      case 'setup':
        step = await program.setup(request.case, decodeInputs(readFileSync(request.file)));
        return { ok: true };
      case 'step': {
        if (step === null) throw new Error('internal: a step before its setup.');
        const start = performance.now();
        const value = await step();
        const ms = performance.now() - start;
        return { ms, value: typeof value === 'number' ? value : meanSquare(value) };
      }
      case 'product':
        if (program.product === undefined) throw new Error('internal: this program times no products.');
        return { ms: await bestMs(program.product(request)) };
    }
  };
}

/** Runs one of our own programs as a child of the bench: requests on standard input, answers on standard output. */
export async function serve(name: string): Promise<void> {
  if (!(name in starters)) throw new RangeError(`serve: name must be a program, got ${name}.`);
  console.log = console.error; // libraries print as they like: standard output is for answers
  console.info = console.error;
  const say = (line: Greeting | Answer) => process.stdout.write(`${JSON.stringify(line)}\n`);
  const program = await starters[name as ServedName]();
  if ('absent' in program) {
    say(program);
    return;
  }
  say({ ready: true, versions: program.versions });
  const answer = answerer(program);
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(await answer(JSON.parse(line) as Request));
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
