import { backendNames } from '../backends/backendInfo';
import type { BackendChoice, BackendInfo } from '../backends/backendInfo';
import { element } from '../ui/elements';
import { ComputeStopped, openComputeWorker } from './compute';
import type { ComputeWorker } from './compute';
import { startOffline } from '../offline/offline';
import { createMessages } from './messages';
import { backendTitle, createStatusLine } from './statusLine';
import type { Page, Tab } from './tab';
import { createTabs } from './tabs';
import { themeSwitch } from './theme';
import { urlStateOf } from './urlState';

function choiceIn(text: string | null): BackendChoice {
  return backendNames.find((name) => name === text) ?? 'auto';
}

/** What a backend says when it has no memory left; afterwards nothing that it computes can be trusted. */
const NO_MEMORY =
  /out of memory|memory access out of bounds|cannot enlarge memory|allocation failed|unreachable/i;

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^[A-Za-z]\w*: /, ''); // the function that refused
}

/** Milliseconds between two looks at what else was loaded. */
const KEEP_EVERY = 3000;

/** The address of this page with another backend. */
function addressWith(choice: BackendChoice): string {
  const url = new URL(window.location.href);
  if (choice === 'auto') url.searchParams.delete('backend');
  else url.searchParams.set('backend', choice);
  return url.href;
}

/** Builds the page with its tabs and starts the compute worker. */
export function openShell(root: HTMLElement, tabs: readonly Tab[]): void {
  const url = urlStateOf(window);
  const choice = choiceIn(url.get('backend'));
  const messages = createMessages();
  const status = createStatusLine(choice, addressWith);
  const listeners: ((backend: BackendInfo) => void)[] = [];
  let losses = 0;

  function open(next: BackendChoice): ComputeWorker {
    status.busy('Starting');
    const opened = openComputeWorker(next, (reason) => {
      restart(`The graphics device is lost: ${reason}.`);
    });
    opened.ready.then(
      (backend) => {
        if (opened === worker) status.running(backend);
      },
      (error: unknown) => {
        if (opened !== worker || error instanceof ComputeStopped) return;
        status.failed(messageOf(error));
        messages.say(messageOf(error), 'error');
      },
    );
    return opened;
  }

  /** Goes on with a new worker; a backend that fails twice is not asked again. */
  function restart(reason: string): void {
    losses += 1;
    worker.stop(reason);
    worker = open(losses > 1 ? 'wasm' : choice);
    const { ready } = worker;
    void ready.then(
      (backend) => {
        messages.say(`${reason} Started again with ${backendTitle(backend)}.`, 'error');
        for (const listener of listeners) listener(backend);
      },
      () => undefined, // `open` has told
    );
  }

  let worker = open(choice);
  const page: Page = {
    get compute() {
      return worker.client;
    },
    get ready() {
      return worker.ready;
    },
    onRestart: (listener) => {
      listeners.push(listener);
    },
    url,
    say: (message, kind) => {
      messages.say(message, kind);
    },
    fail: (error) => {
      if (error instanceof ComputeStopped) return;
      const message = messageOf(error);
      if (NO_MEMORY.test(message)) restart(`There was not enough memory (${message.replace(/\.$/, '')}).`);
      else messages.say(message, 'error');
    },
  };

  const show = (id: string) => {
    parts.show(id);
    url.set({ tab: id === tabs[0]?.id ? null : id });
  };
  const offline = startOffline({
    state: (text) => {
      status.offline(text);
    },
    newVersion: (update) => {
      messages.offer('There is a new version of this page.', 'Reload', update);
    },
  });
  /** Keeps what was loaded, by the page and by the worker. */
  const keepLoaded = async () => {
    await worker.ready;
    const own = performance.getEntriesByType('resource').map(({ name }) => name);
    offline.keep([...own, ...(await worker.client.resources())]);
  };
  window.setInterval(() => {
    if (document.visibilityState === 'visible') keepLoaded().catch(() => undefined);
  }, KEEP_EVERY);

  const parts = createTabs(tabs, show);
  const header = element(
    'header',
    'masthead',
    element('p', 'wordmark', element('strong', {}, 'MeanFlow')),
    parts.list,
    element('div', 'tools', status.root, themeSwitch()),
  );
  const footer = element(
    'footer',
    'colophon',
    element(
      'p',
      {},
      'Everything is computed on this device. Nothing that you draw, train or open leaves it.',
    ),
  );
  root.append(header, element('main', {}, ...parts.panels), footer, messages.root);
  for (const [i, tab] of tabs.entries()) {
    const panel = parts.panels[i];
    if (panel !== undefined) tab.mount(panel, page);
    if (panel !== undefined) panel.hidden = true;
  }
  show(tabs.find(({ id }) => id === url.get('tab'))?.id ?? tabs[0]?.id ?? '');
}
