import { backendNames } from '../backends/backendInfo';
import type { BackendChoice, BackendInfo } from '../backends/backendInfo';
import { openComputeWorker } from './compute';
import type { Page, Tab } from './tab';
import { urlStateOf } from './urlState';

function choiceIn(text: string | null): BackendChoice {
  return backendNames.find((name) => name === text) ?? 'auto';
}

/** Builds the page with its tabs and starts the compute worker. */
export function openShell(root: HTMLElement, tabs: readonly Tab[]): void {
  const url = urlStateOf(window);
  const worker = openComputeWorker();
  const listeners: ((backend: BackendInfo) => void)[] = [];
  const status = document.createElement('p');
  status.setAttribute('role', 'status');
  const page: Page = {
    compute: worker.client,
    ready: worker.client.start(choiceIn(url.get('backend'))),
    onRestart: (listener) => {
      listeners.push(listener);
    },
    url,
    say: (message) => {
      status.textContent = message;
    },
    fail: (error) => {
      page.say(error instanceof Error ? error.message : String(error), 'error');
    },
  };
  const list = document.createElement('div');
  list.setAttribute('role', 'tablist');
  root.append(list, status);
  const panels = tabs.map((tab) => {
    const panel = document.createElement('section');
    const button = document.createElement('button');
    button.textContent = tab.title;
    button.setAttribute('role', 'tab');
    button.addEventListener('click', () => {
      show(tab.id);
    });
    list.append(button);
    root.append(panel);
    tab.mount(panel, page);
    return { tab, panel };
  });
  const show = (id: string) => {
    for (const { tab, panel } of panels) {
      panel.hidden = tab.id !== id;
      tab.visible?.(tab.id === id);
    }
    url.set({ tab: id });
  };
  show(tabs.find(({ id }) => id === url.get('tab'))?.id ?? tabs[0]?.id ?? '');
  page.ready.then(
    ({ name, device }) => {
      page.say(`${name}: ${device}`);
    },
    (error: unknown) => {
      page.fail(error);
    },
  );
}
