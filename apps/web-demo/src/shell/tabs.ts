import { element } from '../ui/elements';
import type { Tab } from './tab';

/** The tabs of the page and what belongs to them. */
export interface Tabs {
  readonly list: HTMLElement;
  readonly panels: readonly HTMLElement[];
  /** Shows one tab. */
  show(id: string): void;
}

const STEPS: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowRight: (index, count) => (index + 1) % count,
  ArrowLeft: (index, count) => (index + count - 1) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/**
 * A list of tabs after the pattern of the ARIA guide: one of them in the order of the Tab key, arrows move among them.
 *
 * @param onShow Called with the tab that a visitor has chosen.
 */
export function createTabs(tabs: readonly Tab[], onShow: (id: string) => void): Tabs {
  const list = element('div', {
    class: 'tabs',
    attributes: { role: 'tablist', 'aria-label': 'Parts of the page' },
  });
  const made = tabs.map((tab) => {
    const panelId = `panel-${tab.id}`;
    const tabId = `tab-${tab.id}`;
    const head = element('button', {
      class: 'tab',
      text: tab.title,
      attributes: { role: 'tab', id: tabId, 'aria-controls': panelId },
    });
    head.type = 'button';
    const panel = element('section', {
      class: `panel panel-${tab.id}`,
      attributes: { role: 'tabpanel', id: panelId, 'aria-labelledby': tabId, tabindex: '-1' },
    });
    head.addEventListener('click', () => {
      onShow(tab.id);
    });
    list.append(head);
    return { tab, head, panel };
  });
  list.addEventListener('keydown', (event) => {
    const from = made.findIndex(({ head }) => head === document.activeElement);
    const target = made[STEPS[event.key]?.(from, made.length) ?? -1];
    if (from < 0 || target === undefined) return;
    event.preventDefault();
    onShow(target.tab.id);
    target.head.focus();
  });
  return {
    list,
    panels: made.map(({ panel }) => panel),
    show(id) {
      for (const { tab, head, panel } of made) {
        const isShown = tab.id === id;
        const wasShown = !panel.hidden;
        panel.hidden = !isShown;
        head.setAttribute('aria-selected', String(isShown));
        head.tabIndex = isShown ? 0 : -1;
        if (isShown || wasShown) tab.visible?.(isShown);
      }
    },
  };
}
