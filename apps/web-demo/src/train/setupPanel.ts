import { choice } from '../ui/choice';
import { button, element, uniqueId } from '../ui/elements';
import { defaultChoices, imageSides, networkSizes, problemOf, usualRates } from './choices';
import type { ImageSide, NetworkSize, TrainChoices } from './choices';
import { filesOfInput } from './droppedFiles';
import type { ImageForm } from './ownImages';
import type { DroppedFile } from './service';
import type { DataSummary } from './trainEvents';

/** What the setup asks for. */
export interface SetupActions {
  readonly begin: (choices: TrainChoices) => void;
  readonly digits: () => void;
  readonly files: (files: readonly DroppedFile[]) => void;
  /** Another form for the dropped images. */
  readonly reform: (form: ImageForm) => void;
}

/** Where a visitor says what to train. */
export interface SetupPanel {
  readonly root: HTMLElement;
  readonly form: ImageForm;
  /** Shows what will be trained on. */
  data(data: DataSummary): void;
  /** Shows what goes on with files; null: nothing. */
  busy(sentence: string | null): void;
  /** A sentence about files that cannot be used, or more that are wanted. */
  tell(sentence: string, isError: boolean): void;
  /** Whether a backend runs. */
  ready(isReady: boolean): void;
}

interface NumberField {
  readonly root: HTMLElement;
  readonly input: HTMLInputElement;
  readonly value: number;
}

/** A field for a number. */
function numberField(label: string, initial: number, hint: string): NumberField {
  const id = uniqueId('number');
  const hintId = uniqueId('hint');
  const input = element('input', {
    attributes: {
      ...{ id, type: 'text', inputmode: 'decimal', autocomplete: 'off', value: String(initial) },
      'aria-describedby': hintId,
    },
  });
  return {
    input,
    root: element(
      'div',
      'field',
      element('label', { text: label, attributes: { for: id } }),
      input,
      element('span', { class: 'fine', text: hint, attributes: { id: hintId } }),
    ),
    get value() {
      const text = input.value.trim().replace(',', '.');
      return text === '' ? NaN : Number(text);
    },
  };
}

const sizeNames: Readonly<Record<NetworkSize, string>> = { small: 'Small', medium: 'Medium', large: 'Large' };

type Colour = 'auto' | 1 | 3;

/** Builds the setup. */
export function createSetupPanel(actions: SetupActions): SetupPanel {
  let side: ImageSide = 16;
  let colour: Colour = 'auto';
  let isDigits = true; // what there is to train on
  const form = (): ImageForm => ({ side, channels: colour === 'auto' ? null : colour });
  const reform = () => {
    actions.reform(form());
  };

  const pickFiles = filePicker({ multiple: '' });
  const pickFolder = filePicker({ webkitdirectory: '' });
  function filePicker(attributes: Record<string, string>): HTMLInputElement {
    const input = element('input', {
      class: 'visually-hidden',
      attributes: { ...attributes, type: 'file', tabindex: '-1', 'aria-hidden': 'true' },
    });
    input.addEventListener('change', () => {
      const files = filesOfInput(input.files ?? new DataTransfer().files);
      if (files.length > 0) actions.files(files);
      input.value = '';
    });
    return input;
  }

  const kind = choice(
    'Images',
    [
      { value: 'digits', label: 'Digits' },
      { value: 'own', label: 'Your own' },
    ],
    'digits',
    (value) => {
      own.hidden = value === 'digits';
      if (value === 'digits') actions.digits();
    },
  );
  const drop = button(
    'drop',
    () => {
      pickFiles.click();
    },
    element('strong', {}, 'Choose images'),
    element(
      'span',
      {},
      'or drop files, a folder or a zip anywhere here; a folder for each class makes classes',
    ),
  );
  const sides = choice(
    'Brought to',
    imageSides.map((value) => ({ value, label: String(value), spoken: `${value} by ${value} pixels` })),
    side,
    (value) => {
      side = value;
      reform();
    },
  );
  const colours = choice<Colour>(
    'Colour',
    [
      { value: 'auto', label: 'As found' },
      { value: 1, label: 'Grey' },
      { value: 3, label: 'Colour' },
    ],
    colour,
    (value) => {
      colour = value;
      reform();
    },
  );
  const mirror = element('input', { attributes: { type: 'checkbox' } });
  const own = element(
    'div',
    'own-images',
    drop,
    element(
      'p',
      'fine',
      'They stay on this device. ',
      button('text-button', () => { pickFolder.click(); }, 'Choose a folder'), // prettier-ignore
    ),
    element('div', 'own-form', sides.root, colours.root),
    element('label', 'check', mirror, 'Mirror half of them, left to right'),
    pickFiles,
    pickFolder,
  );
  own.hidden = true;

  const objective = choice<TrainChoices['objective']>(
    'Learns',
    [
      { value: 'meanflow', label: 'MeanFlow' },
      { value: 'flow-matching', label: 'Flow matching' },
    ],
    defaultChoices.objective,
    (value) => {
      objectiveNote.textContent = noteOn(value);
    },
  );
  const noteOn = (value: TrainChoices['objective']) =>
    value === 'meanflow'
      ? 'Average velocities: one call draws an image.'
      : 'Velocities at an instant, for comparison: one call is not enough for it.';
  const objectiveNote = element('p', 'fine', noteOn(defaultChoices.objective));
  const size = choice<NetworkSize>(
    'Network',
    networkSizes.map((value) => ({ value, label: sizeNames[value] })),
    defaultChoices.size,
    (value) => {
      fields.lr.input.value = String(usualRates[value]);
    },
  );
  const fields = {
    lr: numberField('Learning rate', defaultChoices.lr, 'of Adam, after 50 steps of warm-up'),
    batchSize: numberField('Batch', defaultChoices.batchSize, 'images in a step'),
    steps: numberField('Steps', defaultChoices.steps, 'can be more later on'),
    seed: numberField('Seed', defaultChoices.seed, 'of weights, order and noise'),
  };
  const more = element(
    'details',
    'small-print',
    element('summary', { text: 'Numbers' }),
    element('div', 'number-fields', ...Object.values(fields).map((field) => field.root)),
  );
  const problem = element('p', { class: 'load-problem', attributes: { role: 'alert' } });
  const wanted = element('p', { class: 'wanted', attributes: { role: 'status' } });
  const busyLine = element('p', { class: 'load-state', attributes: { role: 'status' } });
  const begin = button('draw-button', start, 'Train');
  const root = element(
    'div',
    'setup',
    element('div', 'setup-choices', kind.root, size.root),
    own,
    element('div', 'setup-method', objective.root, objectiveNote),
    busyLine,
    wanted,
    problem,
    more,
    element(
      'div',
      'setup-action',
      begin,
      element(
        'p',
        'fine',
        'Or ',
        button('text-button', () => { pickFiles.click(); }, 'open a training'), // prettier-ignore
        ' of this page or of meanflow train: its zip, its folder, or the four files of a checkpoint.',
      ),
    ),
  );

  function start(): void {
    if (kind.value === 'own' && isDigits) {
      tell('Choose or drop images first, or train on the digits.', true);
      drop.focus();
      return;
    }
    const choices: TrainChoices = {
      ...{ objective: objective.value, size: size.value },
      horizontalFlip: kind.value === 'own' && mirror.checked,
      lr: fields.lr.value,
      batchSize: fields.batchSize.value,
      steps: fields.steps.value,
      seed: fields.seed.value,
    };
    const wrong = problemOf(choices);
    for (const [key, { input }] of Object.entries(fields)) {
      if (key === wrong?.key) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    }
    tell(wrong?.sentence ?? '', true);
    if (wrong === null) {
      actions.begin(choices);
      return;
    }
    more.open = true;
    fields[wrong.key].input.focus();
  }

  function tell(sentence: string, isError: boolean): void {
    problem.textContent = isError ? sentence : '';
    wanted.textContent = isError ? '' : sentence;
  }

  return {
    root,
    get form() {
      return form();
    },
    data({ name, note }) {
      isDigits = name === 'digits';
      kind.choose(name === 'digits' ? 'digits' : 'own');
      own.hidden = name === 'digits';
      tell(note ?? '', false);
    },
    busy(sentence) {
      busyLine.textContent = sentence ?? '';
      root.setAttribute('aria-busy', String(sentence !== null));
      begin.disabled = sentence !== null;
    },
    tell,
    ready(isReady) {
      begin.disabled = !isReady;
    },
  };
}
