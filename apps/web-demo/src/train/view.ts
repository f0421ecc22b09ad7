import type { Page, Tab } from '../shell/tab';

/** The tab Train. */
export const trainTab: Tab = {
  id: 'train',
  title: 'Train',
  mount(panel: HTMLElement, page: Page) {
    const line = document.createElement('p');
    panel.append(line);
    void page.ready.then(async () => {
      line.textContent = `Train on ${await page.compute.train.backendName()}.`;
    });
  },
};
