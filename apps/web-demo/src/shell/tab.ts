import type { BackendInfo } from '../backends/backendInfo';
import type { ComputeClient } from '../worker/api';
import type { UrlState } from './urlState';

/** One of the page's parts, shown one at a time. */
export interface Tab {
  /** Its name in the address, e.g. `generate`. */
  readonly id: string;
  readonly title: string;
  /** Builds its DOM once, inside `panel`. */
  mount(panel: HTMLElement, page: Page): void;
  /** Shown or hidden: a hidden tab stops its animation, and pauses nothing that the user started. */
  visible?(isVisible: boolean): void;
}

/** What a tab may use of the page. */
export interface Page {
  /**
   * The services of the compute worker. Await `ready` before the first call. Read it anew for each call: after a lost
   * device it is another worker's.
   */
  readonly compute: ComputeClient;
  /** Fulfilled once a backend runs; rejected if none does. After a restart it is a new promise. */
  readonly ready: Promise<BackendInfo>;
  /** Calls back after the worker was started again, when everything that it held is gone. */
  onRestart(listener: (backend: BackendInfo) => void): void;
  /** Settings in the address, which a visitor can send to somebody. */
  readonly url: UrlState;
  /** Shows one sentence, assertively for errors. */
  say(message: string, kind?: 'info' | 'error'): void;
  /** Shows what was thrown, as one sentence; a lost device starts the worker again. */
  fail(error: unknown): void;
}
