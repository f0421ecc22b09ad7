import { button, element } from '../ui/elements';

/** Where the page speaks to its visitor. */
export interface Messages {
  readonly root: HTMLElement;
  /** Shows one sentence and has it read out, errors at once. An empty one hides what is shown. */
  say(message: string, kind?: 'info' | 'error'): void;
  /** Shows one sentence with something to do about it, until it is done or closed. */
  offer(message: string, label: string, act: () => void): void;
}

/** A line at the foot of the window. An error stays until it is closed or something else is said. */
export function createMessages(): Messages {
  const regions = {
    info: element('p', { class: 'message-text', attributes: { role: 'status' } }),
    error: element('p', { class: 'message-text', attributes: { role: 'alert' } }),
  };
  let hiding = 0;
  const hide = () => {
    root.hidden = true;
    regions.info.textContent = regions.error.textContent = '';
    action.replaceChildren();
  };
  const action = element('span');
  const close = button(
    { class: 'icon-button', attributes: { 'aria-label': 'Close the message' } },
    hide,
    '×',
  );
  const root = element('div', 'message', regions.info, regions.error, action, close);
  root.hidden = true;
  return {
    root,
    say(message, kind = 'info') {
      clearTimeout(hiding);
      hide();
      if (message === '') return;
      root.hidden = false;
      root.dataset['kind'] = kind;
      regions[kind].textContent = message;
      if (kind === 'info') hiding = window.setTimeout(hide, 8000);
    },
    offer(message, label, act) {
      clearTimeout(hiding);
      hide();
      root.hidden = false;
      root.dataset['kind'] = 'info';
      regions.info.textContent = message;
      action.append(button('quiet-button', act, label));
    },
  };
}
