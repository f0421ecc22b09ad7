/** Settings in the address: a page that was sent to somebody shows what its sender saw. */
export interface UrlState {
  /** Value of a setting; null if the address has none. */
  readonly get: (name: string) => string | null;
  /** Changes settings; null removes one. The address changes at once, without a new entry in the history. */
  readonly set: (changes: Readonly<Record<string, string | null>>) => void;
}

/** The settings in the query of the window's address. */
export function urlStateOf(window: Pick<Window, 'location' | 'history'>): UrlState {
  return {
    get: (name) => new URL(window.location.href).searchParams.get(name),
    set(changes) {
      const url = new URL(window.location.href);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) url.searchParams.delete(name);
        else url.searchParams.set(name, value);
      }
      if (url.href !== window.location.href) window.history.replaceState(null, '', url);
    },
  };
}
