// Threads that compute parts of what a kernel has to do. Each has an instance of our module over the same shared memory,
// and sleeps in `Atomics.wait` until there is a job. All, the caller too, take parts of it until none is left.

/** Places of the control block, of int32 each. Those of the arguments begin at ARGUMENTS. */
const [JOB, LEFT, DONE, FAILED, FUNCTION, COUNT, SCRATCH, SCRATCH_BYTES, ARGUMENTS] = [
  0, 1, 2, 3, 4, 5, 6, 7, 16,
];

/** Most parts for each thread. */
const PARTS = 16;
/** Most arguments of a function of ours. */
const MOST_ARGUMENTS = 32;
/** A thread that has not begun by then does not. */
const START_MS = 10_000;
/**
 * How long to look before sleeping, in milliseconds: for the end of a job, whose parts end at about the same time, and for
 * the next one, which JavaScript that is not compiled yet takes a part of this to begin. To wake a thread takes as long as
 * a small product.
 */
const LOOK_MS = 0.3;
/** Looks between two at the clock. */
const LOOKS = 100;

// What a thread runs. It is text, because it has to be one script in browsers and in Node.js alike, whatever a bundler
// does. LEFT is counted down, so that one who comes late, when a job is done, finds nothing left of it.
const script = `
function help({ module, memory, control, thread }, say) {
  const functions = Object.values(new WebAssembly.Instance(module, { env: { memory } }).exports);
  const words = new Int32Array(control);
  say('ready');
  for (let seen = 0; ; ) {
    const until = performance.now() + ${LOOK_MS};
    do for (let look = 0; look < ${LOOKS} && Atomics.load(words, ${JOB}) === seen; look++);
    while (Atomics.load(words, ${JOB}) === seen && performance.now() < until);
    Atomics.wait(words, ${JOB}, seen);
    seen = Atomics.load(words, ${JOB});
    for (;;) {
      const part = Atomics.sub(words, ${LEFT}, 1) - 1;
      if (part < 0) break;
      try {
        const [count, bytes] = [words[${COUNT}], words[${SCRATCH_BYTES}]];
        const args = Array.from(words.subarray(${ARGUMENTS} + part * count, ${ARGUMENTS} + (part + 1) * count));
        if (bytes !== 0) args.push((words[${SCRATCH}] + thread * bytes) | 0);
        functions[words[${FUNCTION}]](...args);
      } catch {
        Atomics.store(words, ${FAILED}, 1);
      }
      Atomics.add(words, ${DONE}, 1);
      Atomics.notify(words, ${DONE});
    }
  }
}`;
const inBrowser = `${script}\nonmessage = ({ data }) => help(data, postMessage);`;
const inNode = `const { parentPort, workerData } = require('node:worker_threads');${script}
help(workerData, (message) => parentPort.postMessage(message));`;

type NumberFunction = (...args: number[]) => void;

/** A module's functions, computing in parts. */
export interface ThreadPool {
  /** The caller's among them. */
  readonly threads: number;
  /** Most parts of a job. */
  readonly mostParts: number;
  /**
   * Calls a function for each part, and returns when all are done.
   *
   * @param parts Arguments of each, int32 or addresses, as many for one as for the other.
   * @param scratch Address and bytes of the memory that each thread has for itself: its address is the last argument.
   */
  run(name: string, parts: readonly (readonly number[])[], scratch?: readonly [number, number]): void;
  terminate(): void;
}

interface Thread {
  terminate(): void;
}

/** Whether this thread may sleep: the main one of a page may not, so it does not wait for others. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts a thread; the promise is kept when it is ready, and refused if it never will be. */
function startThread(data: object): { thread: Thread; ready: Promise<void> } {
  // Not by whether there is a Worker: emscripten's loader defines that of Node.js as a global one.
  if (typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function')
    return startNodeThread(data);
  const url = URL.createObjectURL(new Blob([inBrowser], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => {
      resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault(); // one thread does as well
      reject(new Error(event.message));
    };
  });
  worker.postMessage(data);
  const revoke = () => {
    URL.revokeObjectURL(url);
  };
  ready.then(revoke, revoke);
  return { thread: worker, ready };
}

function startNodeThread(workerData: object): { thread: Thread; ready: Promise<void> } {
  const { Worker: NodeWorker } = process.getBuiltinModule('node:worker_threads');
  const worker = new NodeWorker(inNode, { eval: true, execArgv: [], workerData });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('message', () => {
      worker.unref(); // a process ends although its threads sleep
      resolve();
    });
    worker.on('error', reject);
    worker.once('exit', () => {
      reject(new Error('it has ended'));
    });
  });
  return { thread: { terminate: () => void worker.terminate() }, ready };
}

/** Rejects if a promise takes too long. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('it does not begin'));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Starts threads for a module.
 *
 * @param instance The caller's own, of `module` over `memory`.
 * @param threads With the caller's, at least 2.
 * @returns null if they cannot be started here, or the caller may not wait for them.
 */
export async function startThreadPool(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  instance: WebAssembly.Instance,
  threads: number,
): Promise<ThreadPool | null> {
  if (!maySleep()) return null;
  const mostParts = PARTS * threads;
  const control = new SharedArrayBuffer(4 * (ARGUMENTS + mostParts * MOST_ARGUMENTS));
  const started: ReturnType<typeof startThread>[] = [];
  const terminate = () => {
    for (const { thread } of started) thread.terminate();
  };
  try {
    for (let thread = 1; thread < threads; thread++)
      started.push(startThread({ module, memory, control, thread }));
    await within(START_MS, Promise.all(started.map(({ ready }) => ready)));
  } catch {
    for (const { ready } of started) ready.catch(() => undefined);
    terminate();
    return null;
  }
  const names = Object.keys(instance.exports);
  const words = new Int32Array(control);
  return {
    threads,
    mostParts,
    run(name, parts, [address, bytes] = [0, 0]) {
      const own = instance.exports[name] as NumberFunction;
      const call = (part: readonly number[]) => {
        if (bytes === 0) own(...part);
        else own(...part, address);
      };
      words[FUNCTION] = names.indexOf(name);
      const count = parts[0]?.length ?? 0;
      words[COUNT] = count;
      words[SCRATCH] = address;
      words[SCRATCH_BYTES] = bytes;
      parts.forEach((part, i) => {
        words.set(part, ARGUMENTS + i * count);
      });
      Atomics.store(words, DONE, 0);
      Atomics.store(words, LEFT, parts.length);
      Atomics.add(words, JOB, 1);
      Atomics.notify(words, JOB, Math.min(threads, parts.length) - 1);
      try {
        for (;;) {
          const part = parts[Atomics.sub(words, LEFT, 1) - 1];
          if (part === undefined) break;
          Atomics.add(words, DONE, 1); // done when this loop is
          call(part);
        }
      } finally {
        awaitCount(words, parts.length);
      }
      if (Atomics.exchange(words, FAILED, 0) !== 0) throw new Error(`internal: ${name} failed in a thread.`);
    },
    terminate,
  };
}

/** Waits until so many parts are done. */
function awaitCount(words: Int32Array, parts: number): void {
  const until = performance.now() + LOOK_MS;
  do for (let look = 0; look < LOOKS; look++) if (Atomics.load(words, DONE) === parts) return;
  while (performance.now() < until);
  for (let done = Atomics.load(words, DONE); done !== parts; done = Atomics.load(words, DONE)) {
    Atomics.wait(words, DONE, done);
  }
}
