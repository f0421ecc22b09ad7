import type { StartRequest, Versions, WorkerAnswer, WorkerRequest } from '../protocol';

// A page for each program: it computes in a worker, as our own page does, so that no library has to share a thread with
// the browser, and threads may wait.

let worker: Worker | null = null;

function ask<K extends 'start' | 'step'>(
  request: WorkerRequest & { readonly do: K },
): Promise<Extract<WorkerAnswer, { readonly ok: K }>> {
  worker ??= new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const asked = worker;
  return new Promise((done, fail) => {
    asked.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      if ('error' in data) fail(new Error(data.error));
      else done(data as Extract<WorkerAnswer, { readonly ok: K }>);
    };
    asked.onerror = (event) => {
      event.preventDefault();
      fail(new Error(event.message));
    };
    asked.postMessage(request);
  });
}

/** What the bench calls. */
const bench = {
  start: async (request: StartRequest): Promise<Versions> => (await ask({ do: 'start', request })).versions,
  step: async (): Promise<{ ms: number; value: number | Float32Array }> => ask({ do: 'step' }),
};

/** The page, as the bench sees it. */
export interface BenchPage {
  readonly bench: typeof bench;
}

Object.assign(globalThis, { bench });
