type Child = Node | string;

/** What an element gets besides its children: properties by name; `aria-`, `data-`, `role` and the like as attributes. */
export interface Settings {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * Makes an element.
 *
 * @param settings Class, text and attributes; a string is the class alone.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  settings: Settings | string = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  const {
    class: className,
    text,
    attributes = {},
  } = typeof settings === 'string' ? { class: settings } : settings;
  if (className !== undefined) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A button that does something when it is pressed. */
export function button(
  settings: Settings | string,
  press: () => void,
  ...children: readonly Child[]
): HTMLButtonElement {
  const made = element('button', settings, ...children);
  made.type = 'button';
  made.addEventListener('click', press);
  return made;
}

let ids = 0;

/** A name for an element that no other has, for labels. */
export function uniqueId(prefix: string): string {
  ids += 1;
  return `${prefix}-${ids}`;
}
