const noted: string[] = [];

/** Notes the address of a file that was loaded in a way that the browser's list does not show. */
export function noteResource(url: string): void {
  noted.push(url);
}

/** Addresses of all files that this worker has loaded, in order to keep them for offline use. */
export function loadedResources(): string[] {
  return [...noted, ...performance.getEntriesByType('resource').map(({ name }) => name)];
}
