import { element, uniqueId } from './elements';

/** One value of a choice. */
export interface Option<T> {
  readonly value: T;
  readonly label: string;
  /** What a screen reader says instead of the label. */
  readonly spoken?: string;
}

/** A row of buttons of which one is chosen: radio buttons, so that arrow keys move the choice. */
export interface Choice<T> {
  readonly root: HTMLElement;
  readonly value: T;
  /** Chooses without calling back. */
  choose(value: T): void;
}

/**
 * A row of radio buttons that look like one control.
 *
 * @param legend What is chosen; shown in front.
 * @param onChange Called when a visitor chooses.
 */
export function choice<T>(
  legend: string,
  options: readonly Option<T>[],
  initial: T,
  onChange: (value: T) => void,
): Choice<T> {
  const name = uniqueId('choice');
  let value = initial;
  const inputs = options.map((option) => {
    const input = element('input', { attributes: { type: 'radio', name } });
    if (option.spoken !== undefined) input.setAttribute('aria-label', option.spoken);
    input.checked = option.value === initial;
    input.addEventListener('change', () => {
      value = option.value;
      onChange(value);
    });
    return {
      option,
      input,
      label: element('label', 'choice-option', input, element('span', {}, option.label)),
    };
  });
  const root = element(
    'fieldset',
    'choice',
    element('legend', { text: legend }),
    element('div', 'choice-row', ...inputs.map(({ label }) => label)),
  );
  return {
    root,
    get value() {
      return value;
    },
    choose(chosen) {
      value = chosen;
      for (const { option, input } of inputs) input.checked = option.value === chosen;
    },
  };
}
