import { button, element, uniqueId } from '../ui/elements';

/** What a visitor wants to open. */
export type Wanted = { readonly file: File } | { readonly address: string };

/** A dialog for opening a checkpoint. */
export interface LoadDialog {
  readonly root: HTMLDialogElement;
  open(): void;
  /** Shows what goes on, while it lasts. */
  busy(text: string): void;
  failed(sentence: string): void;
  close(): void;
}

/**
 * Builds the dialog.
 *
 * @param onWanted Called with a file or an address; the dialog stays open until it is closed.
 */
export function createLoadDialog(onWanted: (wanted: Wanted) => void): LoadDialog {
  const titleId = uniqueId('load');
  const addressId = uniqueId('address');
  const pick = element('input', {
    class: 'visually-hidden',
    attributes: { type: 'file', accept: '.safetensors', tabindex: '-1' },
  });
  const drop = button(
    'drop',
    () => {
      pick.click();
    },
    element('strong', {}, 'Choose a file'),
    element('span', {}, 'or drop one here: ema.safetensors of a run'),
  );
  const address = element('input', {
    attributes: {
      ...{ id: addressId, type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' },
      placeholder: 'hf://owner/repository  or  https://…',
    },
  });
  const state = element('p', { class: 'load-state', attributes: { role: 'status' } });
  const problem = element('p', { class: 'load-problem', attributes: { role: 'alert' } });
  const form = element(
    'form',
    { class: 'load-form', attributes: { novalidate: '' } },
    element('label', { text: 'Address or hf:// name', attributes: { for: addressId } }),
    element('div', 'load-line', address, element('button', { class: 'quiet-button', text: 'Open' })),
  );
  const root = element(
    'dialog',
    { class: 'load-dialog', attributes: { 'aria-labelledby': titleId } },
    element(
      'div',
      'dialog-head',
      element('h2', { text: 'Open a checkpoint', attributes: { id: titleId } }),
      button(
        { class: 'icon-button', attributes: { 'aria-label': 'Close' } },
        () => {
          root.close();
        },
        '×',
      ),
    ),
    element(
      'p',
      {},
      'Weights of an image model that meanflow train has written, as safetensors with the configuration in its metadata. They are read here and sent nowhere.',
    ),
    pick,
    drop,
    form,
    state,
    problem,
  );

  function want(wanted: Wanted): void {
    problem.textContent = '';
    onWanted(wanted);
  }
  pick.addEventListener('change', () => {
    const [file] = pick.files ?? [];
    pick.value = '';
    if (file !== undefined) want({ file });
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    want({ address: address.value });
  });
  for (const type of ['dragover', 'drop'] as const) {
    root.addEventListener(type, (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer?.files ?? [];
      if (type === 'drop' && file !== undefined) want({ file });
    });
  }
  root.addEventListener('click', (event) => {
    if (event.target === root) root.close(); // beside the dialog
  });
  return {
    root,
    open() {
      state.textContent = problem.textContent = '';
      if (!root.open) root.showModal();
    },
    busy(text) {
      state.textContent = text;
    },
    failed(sentence) {
      state.textContent = '';
      problem.textContent = sentence;
    },
    close() {
      root.close();
    },
  };
}
