import { createInterface } from 'node:readline';
import type { Greeting } from '../protocol';
import type { Values } from './evaluationTask';
import type { EvaluationAnswer, EvaluationRequest } from './protocol';
import { evaluationTasks } from './tasks';

/** Answers the requests of `bench evaluation` with our own code. */
export async function serveEvaluation(): Promise<void> {
  console.log = console.error; // libraries print as they like: standard output is for answers
  console.info = console.error;
  const say = (line: Greeting | EvaluationAnswer) => process.stdout.write(`${JSON.stringify(line)}\n`);
  say({ ready: true, versions: { node: process.versions.node } });
  let run: () => Promise<Values> = () =>
    Promise.reject(new Error('internal: a run before its task is open.'));
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as EvaluationRequest;
    try {
      if (request.do === 'open') {
        run = await evaluationTasks[request.task].open(request.folder);
        say({ ok: true });
      } else {
        const start = performance.now();
        const values = await run();
        say({ ms: performance.now() - start, values });
      }
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
