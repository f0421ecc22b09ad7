import type { Page, Tab } from '../shell/tab';

/** The tab Generate. */
export const generateTab: Tab = {
  id: 'generate',
  title: 'Generate',
  mount(panel: HTMLElement, page: Page) {
    const line = document.createElement('p');
    panel.append(line);
    void page.ready.then(async () => {
      line.textContent = `Generate on ${await page.compute.generate.backendName()}.`;
    });
  },
};
