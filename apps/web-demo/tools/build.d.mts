/** Where the built page lies. */
export const dist: string;

/** Builds the page if it is not built yet, or older than its sources. */
export function buildIfNeeded(): void;
