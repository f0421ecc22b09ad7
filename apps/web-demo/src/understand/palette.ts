const names = ['ink', 'muted', 'line', 'surface', 'data', 'mean', 'flow', 'once'] as const;

/** Colours that canvases draw with: of the style sheet's `--plane-...`, for light or dark as it is now. */
export type Palette = Readonly<Record<(typeof names)[number], string>>;

/** Reads the colours as they are inside an element. */
export function readPalette(root: HTMLElement): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  root.append(probe);
  // Through a property that is a colour: a variable itself would be read as it was written, light-dark() and all.
  const entries = names.map((name) => {
    probe.style.color = `var(--plane-${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(entries) as Palette;
}

/** Calls back when the page changes between light and dark. */
export function onThemeChange(listener: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', listener);
  new MutationObserver(listener).observe(document.documentElement, {
    attributeFilter: ['data-theme', 'class', 'style'],
  });
}
