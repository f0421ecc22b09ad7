import { backendNames } from '../backends/backendInfo';
import type { BackendChoice, BackendInfo, BackendName } from '../backends/backendInfo';
import { button, element, uniqueId } from '../ui/elements';

const labels: Readonly<Record<BackendName, string>> = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  cpu: 'JavaScript',
};

/** `WebAssembly, 2 threads`. */
export function backendTitle({ name, device, isSoftware }: BackendInfo): string {
  return `${labels[name]}, ${device}${isSoftware ? ' (emulated)' : ''}`;
}

/** What the status line tells. */
export interface StatusLine {
  readonly root: HTMLElement;
  /** Something goes on, e.g. `Starting`. */
  busy(text: string): void;
  running(backend: BackendInfo): void;
  failed(text: string): void;
  /** Whether the page works without a network; null: not known yet. */
  offline(text: string): void;
}

/**
 * A button that says what computes, and shows more when it is pressed: why not something better, whether the page is
 * isolated and kept for offline use, and links to other backends.
 *
 * @param choice What the address asks for.
 * @param addressFor The address of this page with another backend.
 */
export function createStatusLine(
  choice: BackendChoice,
  addressFor: (choice: BackendChoice) => string,
): StatusLine {
  const detailsId = uniqueId('status');
  const text = element('span', 'status-text');
  const dot = element('span', { class: 'status-dot', attributes: { 'aria-hidden': 'true' } });
  const facts = element('dl', 'status-facts');
  const notes = element('ul', 'status-notes');
  const offlineFact = element('dd', {}, 'not yet');
  const links = element('p', 'status-links', 'Compute with ');
  for (const [i, name] of (['auto', ...backendNames] as const).entries()) {
    if (i > 0) links.append(' · ');
    const title = name === 'auto' ? 'the best' : labels[name];
    links.append(
      name === choice
        ? element('strong', {}, title)
        : element('a', { text: title, attributes: { href: addressFor(name) } }),
    );
  }
  const details = element(
    'div',
    { class: 'status-details', attributes: { id: detailsId } },
    facts,
    notes,
    links,
  );
  details.hidden = true;
  const head = button(
    { class: 'status-button', attributes: { 'aria-expanded': 'false', 'aria-controls': detailsId } },
    () => {
      toggle(details.hidden);
    },
    dot,
    text,
  );
  const root = element('div', 'status', head, details);
  const toggle = (isOpen: boolean) => {
    details.hidden = !isOpen;
    head.setAttribute('aria-expanded', String(isOpen));
  };
  document.addEventListener('click', ({ target }) => {
    if (!root.contains(target as Node)) toggle(false);
  });
  root.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || details.hidden) return;
    toggle(false);
    head.focus();
  });
  const show = (state: string, ...parts: readonly (Node | string)[]) => {
    root.dataset['state'] = state;
    text.replaceChildren(...parts);
  };
  const isolation = globalThis.crossOriginIsolated ? 'yes, so threads may share memory' : 'no';
  const fill = (computes: string) => {
    const rows: [string, HTMLElement | string][] = [
      ['Computes', computes],
      ['Isolated', isolation],
      ['Offline', offlineFact],
    ];
    facts.replaceChildren(
      ...rows.flatMap(([name, value]) => [
        element('dt', {}, name),
        typeof value === 'string' ? element('dd', {}, value) : value,
      ]),
    );
  };
  fill('not yet');
  return {
    root,
    busy(sentence) {
      show('busy', sentence);
    },
    running(backend) {
      fill(backendTitle(backend));
      notes.replaceChildren(...backend.notes.map((note) => element('li', {}, note)));
      const [name, device] = [labels[backend.name], backendTitle(backend).slice(labels[backend.name].length)];
      show(backend.notes.length > 0 ? 'noted' : 'good', name, element('span', 'status-device', device));
      head.setAttribute('aria-label', `Computes with ${backendTitle(backend)}. Details`);
    },
    failed(sentence) {
      notes.replaceChildren(element('li', {}, sentence));
      show('bad', 'Cannot compute');
    },
    offline(sentence) {
      offlineFact.textContent = sentence;
    },
  };
}
