import type { Page } from 'playwright-core';

/** What went wrong in a page. */
export interface PageWatch {
  /** Errors on the console, uncaught ones, and the end of the page itself, in their order. */
  readonly problems: readonly string[];
  /** Throws if there is a problem. Call it at the end of a test. */
  check(): void;
}

/**
 * Listens to a page: what it reports as an error should fail a test. Call it before the page is opened.
 *
 * @param allow Texts of errors that are expected.
 */
export function watchPage(page: Page, allow: readonly RegExp[] = []): PageWatch {
  const problems: string[] = [];
  const add = (text: string) => {
    if (!allow.some((pattern) => pattern.test(text))) problems.push(text);
  };
  page.on('console', (message) => {
    const { url } = message.location();
    if (message.type() === 'error') add(`console.error: ${message.text()}${url === '' ? '' : ` (${url})`}`);
  });
  page.on('pageerror', (error) => {
    add(`uncaught: ${error.stack ?? error.message}`);
  });
  page.on('crash', () => {
    add('the page crashed');
  });
  return {
    problems,
    check: () => {
      if (problems.length > 0) throw new Error(`In the page: ${problems.join('\n')}`);
    },
  };
}
