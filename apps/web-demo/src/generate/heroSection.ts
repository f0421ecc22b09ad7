import { columnsFor, gridPicture } from '@meanflow/train/run';
import type { DatasetInfo } from '@meanflow/train/run';
import { backendTitle } from '../shell/statusLine';
import type { Page } from '../shell/tab';
import { choice } from '../ui/choice';
import { button, element, uniqueId } from '../ui/elements';
import { createTileCanvas } from '../ui/tiles';
import { savePng } from '../ui/savePng';
import type { DrawnFromNoise, ModelInfo } from './service';
import { callCounts, randomSeed, readSeed, sampleCommand } from './settings';
import type { DrawSettings } from './settings';

/** The grid of samples and everything that decides it. */
export interface HeroSection {
  readonly root: HTMLElement;
  /** A model is being loaded. */
  loading(title: string, share: number | null): void;
  /** A model is there, with the classes that it has. */
  model(dataset: DatasetInfo): void;
  settings(settings: DrawSettings): void;
  drawing(): void;
  drawn(result: DrawnFromNoise, labels: Int32Array, info: ModelInfo, settings: DrawSettings): void;
  failed(message: string): void;
}

/** What the visitor does here. */
export interface HeroActions {
  readonly change: (changes: Partial<DrawSettings>) => void;
  /** Where the choice of a model goes. */
  readonly models: HTMLElement;
}

const numbers = new Intl.NumberFormat('en');

/** `41 ms`, `3.2 ms`, `1.4 s`. */
export function durationText(milliseconds: number): readonly [value: string, unit: string] {
  if (milliseconds < 10) return [milliseconds.toFixed(1), 'ms'];
  if (milliseconds < 1000) return [milliseconds.toFixed(0), 'ms'];
  return [(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0), 's'];
}

function callsText(calls: number): string {
  return calls === 1 ? 'one network call' : `${calls} network calls`;
}

/** Builds the section. */
export function createHero(page: Page, { change, models }: HeroActions): HeroSection {
  const canvas = createTileCanvas('No picture yet');
  const frame = element('div', { class: 'grid-frame', attributes: { 'aria-busy': 'true' } }, canvas.root);
  const value = element('span', 'figure-value', '–');
  const unit = element('span', 'figure-unit');
  const caption = element('p', 'figure-caption', 'Starting');
  const spoken = element('p', { class: 'visually-hidden', attributes: { role: 'status' } });

  const seedId = uniqueId('seed');
  const seed = element('input', {
    class: 'seed',
    attributes: { id: seedId, type: 'text', inputmode: 'numeric', autocomplete: 'off', spellcheck: 'false' },
  });
  seed.addEventListener('change', () => {
    const typed = readSeed(seed.value);
    if (typed === null)
      page.say('A seed is a whole number of at least 0, below 9,007,199,254,740,991.', 'error');
    else change({ seed: typed });
  });
  const draw = button(
    'draw-button',
    () => {
      change({ seed: randomSeed() });
    },
    'Draw',
  );
  const calls = choice<number>(
    'Network calls',
    callCounts.map((count) => ({ value: count, label: String(count) })),
    1,
    (count) => {
      change({ calls: count });
    },
  );
  const classes = element('div', 'classes');
  let classChoice = choice<number | null>('Class', [{ value: null, label: 'all' }], null, () => undefined);

  let saved: { shape: number[]; data: Float32Array; labels: Int32Array; name: string } | null = null;
  const download = button(
    'quiet-button',
    () => {
      if (saved === null) return;
      const { shape, data, labels, name } = saved;
      savePng(gridPicture({ shape, data }, columnsFor(labels.length, labels)), name).catch(
        (error: unknown) => {
          page.fail(error);
        },
      );
    },
    'Download PNG',
  );
  download.disabled = true;
  const command = element('code', 'command');
  const copy = button(
    'quiet-button',
    () => {
      navigator.clipboard.writeText(window.location.href).then(
        () => {
          page.say('The address of this picture is copied: the same seed draws the same picture everywhere.');
        },
        () => {
          page.say(
            'The browser does not let the page copy. The address above leads to this picture.',
            'error',
          );
        },
      );
    },
    'Copy link',
  );

  const root = element(
    'section',
    'hero',
    element(
      'div',
      'hero-text',
      element('h1', {}, 'Noise to picture in one network call'),
      element(
        'p',
        'lead',
        'Diffusion and flow models walk from noise to an image in many small steps. MeanFlow learns the average velocity of the whole way, so one step is enough. This network runs in your browser.',
      ),
      element(
        'div',
        'hero-action',
        draw,
        element('div', 'figure', element('p', 'figure-line', value, unit), caption),
      ),
      spoken,
    ),
    element(
      'div',
      'hero-picture',
      frame,
      element('div', 'picture-actions', download, copy),
      element(
        'details',
        'small-print',
        element('summary', {}, 'What is measured, and the same picture elsewhere'),
        element(
          'p',
          {},
          'The time is that of the network calls for the whole grid, from noise in memory to pixels in memory, in a worker. It leaves out loading the weights, the first calls in which a backend gets ready, and painting.',
        ),
        element('p', {}, 'The same seed draws the same picture in a terminal, up to rounding:'),
        command,
      ),
    ),
    element(
      'div',
      'controls',
      models,
      classes,
      calls.root,
      element('div', 'field', element('label', { text: 'Seed', attributes: { for: seedId } }), seed),
    ),
  );

  function say(text: string): void {
    caption.textContent = text;
  }

  return {
    root,
    loading(title, share) {
      frame.setAttribute('aria-busy', 'true');
      say(share === null ? `Loading ${title}` : `Loading ${title}: ${Math.round(100 * share)} %`);
    },
    model({ numClasses }) {
      const shown = Math.min(numClasses, 16);
      classChoice = choice<number | null>(
        'Class',
        [
          { value: null, label: 'all', spoken: 'all classes' },
          ...Array.from({ length: shown }, (_, i) => ({ value: i, label: String(i), spoken: `class ${i}` })),
        ],
        null,
        (chosenClass) => {
          change({ chosenClass });
        },
      );
      classes.replaceChildren(...(numClasses === 0 ? [] : [classChoice.root]));
    },
    settings(settings) {
      seed.value = String(settings.seed);
      calls.choose(settings.calls);
      classChoice.choose(settings.chosenClass);
    },
    drawing() {
      frame.setAttribute('aria-busy', 'true');
    },
    drawn({ data, noise, milliseconds }, labels, { dataset, weightCount }, settings) {
      const shape = [labels.length, ...dataset.sampleShape];
      const [amount, of] = durationText(milliseconds);
      canvas.show({ shape, data }, { columns: columnsFor(labels.length, labels), before: noise });
      const what = `${labels.length} images in ${callsText(settings.calls)}`;
      const classText =
        settings.chosenClass === null ? 'a row for each class' : `all of class ${settings.chosenClass}`;
      canvas.root.setAttribute(
        'aria-label',
        `${what}, from seed ${settings.seed}${dataset.numClasses === 0 ? '' : `, ${classText}`}`,
      );
      value.textContent = amount;
      unit.textContent = of;
      void page.ready.then((backend) => {
        say(`for ${what}, ${numbers.format(weightCount)} weights, ${backendTitle(backend)}`);
      });
      spoken.textContent = `Drawn: ${what}, ${amount} ${of}.`;
      frame.setAttribute('aria-busy', 'false');
      saved = { shape, data, labels, name: `meanflow-${dataset.name}-seed-${settings.seed}.png` };
      download.disabled = false;
      command.textContent = sampleCommand(dataset, settings);
    },
    failed(message) {
      frame.setAttribute('aria-busy', 'false');
      value.textContent = '–';
      unit.textContent = '';
      say(message);
    },
  };
}
