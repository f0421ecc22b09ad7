import { openPrivateFiles } from './fileStore';
import { openRunStore } from './runStore';
import type { FoundKept, KeptRun, RunStore } from './runStore';

/** Keeps a training from one visit to the next, as far as this browser does. */
export interface Autosave {
  /** Why nothing is kept, as a sentence; null if all is. */
  readonly obstacle: string | null;
  readonly load: () => Promise<FoundKept>;
  /**
   * Keeps a run instead of the one before.
   *
   * @returns Bytes written; a sentence if it could not be kept, in which case the run before is still there.
   */
  save(run: KeptRun): Promise<number | string>;
  clear(): Promise<void>;
}

const LOCK = 'meanflow-train';
const LOCK_WAIT_MS = 2000; // a page that is being closed gives its lock back a moment later

const OTHER_TAB =
  'Another tab of this page keeps its training on this device, so this tab keeps nothing: download the training before you close it.';

/** Takes the origin's lock for as long as this worker lives. */
async function takeLock(): Promise<boolean> {
  const hold = (options: LockOptions) =>
    new Promise<boolean>((resolve) => {
      navigator.locks
        .request(LOCK, options, (lock) => {
          resolve(lock !== null);
          return lock === null ? undefined : new Promise<never>(() => undefined);
        })
        .catch(() => {
          resolve(false);
        });
    });
  if (await hold({ ifAvailable: true })) return true;
  return hold({ signal: AbortSignal.timeout(LOCK_WAIT_MS) });
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Bytes from which what the browser says of the room left is no reason. */
const PLENTY = 1e8;

/** Room that is left, as the browser tells; empty if it does not. */
async function roomLeft(): Promise<string> {
  try {
    const { quota = NaN, usage = NaN } = await navigator.storage.estimate();
    const left = quota - usage;
    return left < PLENTY ? ` (${megabytes(Math.max(0, left))} are left)` : '';
  } catch {
    return '';
  }
}

/** What a failure to write means to the visitor. */
async function sentenceOf(error: unknown): Promise<string> {
  if (error instanceof DOMException && error.name === 'QuotaExceededError') {
    return `The browser's storage for this page is full${await roomLeft()}, so the training is not kept from here on: free some space, or download it.`;
  }
  const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
  return `The training could not be kept on this device (${reason}): download it before you leave.`;
}

/** An autosave over a store. */
export function autosaveOf(store: RunStore): Autosave {
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: two writers of one slot would damage it. */
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const result = last.then(job);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    obstacle: null,
    load: () => inTurn(() => store.load()),
    save: (run) => inTurn(() => store.save(run).catch(sentenceOf)),
    clear: () => inTurn(() => store.clear()),
  };
}

/** An autosave that keeps nothing, and says why. */
export function noAutosave(obstacle: string): Autosave {
  return {
    obstacle,
    load: () => Promise.resolve({ run: null, problem: null }),
    save: () => Promise.resolve(obstacle),
    clear: () => Promise.resolve(),
  };
}

/** The autosave of this origin. */
export async function openAutosave(): Promise<Autosave> {
  try {
    const files = await openPrivateFiles('train');
    return (await takeLock()) ? autosaveOf(openRunStore(files)) : noAutosave(OTHER_TAB);
  } catch (error) {
    return noAutosave(error instanceof Error ? error.message : String(error));
  }
}
