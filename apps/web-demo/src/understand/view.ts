import type { Page, Tab } from '../shell/tab';

/** The tab Understand. */
export const understandTab: Tab = {
  id: 'understand',
  title: 'Understand',
  mount(panel: HTMLElement, page: Page) {
    const line = document.createElement('p');
    panel.append(line);
    void page.ready.then(({ name }) => {
      line.textContent = `Understand on ${name}.`;
    });
  },
};
