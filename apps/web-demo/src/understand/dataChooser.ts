import { choice } from '../ui/choice';
import { element, uniqueId } from '../ui/elements';
import { drawPad } from './drawPad';
import { inkPoints } from './inkPoints';
import { shapeNames } from './planeData';
import type { PlaneSource, ShapeName } from './planeData';
import { inkOfText } from './textInk';

/** A name of a kind of data in the address. */
type Kind = ShapeName | 'text' | 'drawing';

const titles: Readonly<Record<Kind, string>> = {
  moons: 'Moons',
  spiral: 'Spiral',
  checkerboard: 'Board',
  'eight-gaussians': 'Spots',
  rings: 'Rings',
  text: 'Word …',
  drawing: 'Draw …',
};
const kinds = Object.keys(titles) as Kind[];
const isShape = (kind: Kind): kind is ShapeName => (shapeNames as readonly string[]).includes(kind);

/** Longest text. */
const letters = 24;

/** What to train on, chosen by a visitor. */
export interface DataChooser {
  readonly root: HTMLElement;
  /** What is chosen now; null while nothing is drawn. */
  source(): PlaneSource | null;
  /** What is chosen now, in words. */
  readonly title: string;
}

/** What the chooser tells. */
export interface DataEvents {
  /** Other data; null if there is none, as before the first stroke. */
  readonly onChange: (source: PlaneSource | null) => void;
  /** The names that the address gets. */
  readonly onName: (data: string, text: string | null) => void;
  readonly onError: (error: unknown) => void;
}

/** Makes the chooser, beginning with what the address names. */
export function dataChooser(
  initial: { readonly data: string | null; readonly text: string | null },
  { onChange, onName, onError }: DataEvents,
): DataChooser {
  let kind = kinds.find((name) => name === initial.data) ?? 'moons';
  const pad = drawPad(changed);
  const inputId = uniqueId('word');
  const word = element('input', {
    class: 'word',
    attributes: {
      type: 'text',
      id: inputId,
      maxlength: `${letters}`,
      autocomplete: 'off',
      spellcheck: 'false',
      enterkeyhint: 'done',
    },
  });
  word.value = (initial.text ?? 'Mean Flow').slice(0, letters);
  const words = element(
    'div',
    'words',
    element('label', { attributes: { for: inputId } }, 'Your word'),
    word,
    element('p', 'fine', 'Each word gets a line of its own. Fewer letters are learned sooner.'),
  );
  const picker = choice<Kind>(
    'Data',
    kinds.map((value) => ({ value, label: titles[value] })),
    kind,
    (value) => {
      kind = value;
      showDrawer();
      changed();
    },
  );
  const drawer = element('div', 'drawer', words, pad.root);
  const root = element('div', 'data-chooser', picker.root, drawer);

  function showDrawer(): void {
    words.hidden = kind !== 'text';
    pad.root.hidden = kind !== 'drawing';
    drawer.hidden = words.hidden && pad.root.hidden;
  }
  showDrawer();

  function source(): PlaneSource | null {
    if (isShape(kind)) return { kind: 'shape', name: kind };
    if (kind === 'text')
      return { kind: 'points', points: inkPoints(inkOfText(word.value), { place: 'standardized' }) };
    const { ink } = pad;
    return ink === null
      ? null
      : { kind: 'points', points: inkPoints(ink, { place: 'as drawn', extent: 2.8 }) };
  }
  function changed(): void {
    onName(kind, kind === 'text' ? word.value : null);
    try {
      onChange(source());
    } catch (error) {
      onError(error);
    }
  }
  let typing = 0;
  word.addEventListener('input', () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => {
      if (word.value.trim() !== '') changed(); // while a word is replaced there is none
    }, 350);
  });

  return {
    root,
    source,
    get title() {
      return kind === 'text'
        ? `the word “${word.value.trim()}”`
        : kind === 'drawing'
          ? 'your drawing'
          : titles[kind].toLowerCase();
    },
  };
}
