import { button, element } from '../ui/elements';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const KEY = 'meanflow-theme';
const labels: Readonly<Record<Theme, string>> = { auto: 'as the system', light: 'light', dark: 'dark' };
const signs: Readonly<Record<Theme, string>> = { auto: '◐', light: '○', dark: '●' };

/** The stored choice; a browser may forbid the storage. */
function storedTheme(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    return 'auto';
  }
}

function storeTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Then it lasts as long as the page.
  }
}

/** A button that changes between light, dark and what the system says. */
export function themeSwitch(): HTMLElement {
  let theme = storedTheme();
  const sign = element('span', { attributes: { 'aria-hidden': 'true' } });
  const made = button(
    'icon-button',
    () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto';
      storeTheme(theme);
      show();
    },
    sign,
  );
  const show = () => {
    document.documentElement.dataset['theme'] = theme;
    sign.textContent = signs[theme];
    made.setAttribute('aria-label', `Colours: ${labels[theme]}`);
    made.title = `Colours: ${labels[theme]}`;
  };
  show();
  return made;
}
