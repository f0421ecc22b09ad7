import { sizeText } from '../load/download';
import { element } from '../ui/elements';
import { modelAddress } from './catalogue';
import type { Subject } from './models';
import type { ModelInfo } from './service';

/** What is known of the model. */
export interface CardSection {
  readonly root: HTMLElement;
  show(subject: Subject, info: ModelInfo): void;
}

const numbers = new Intl.NumberFormat('en');

/** Builds the section. */
export function createCard(): CardSection {
  const facts = element('dl', 'facts');
  const link = element('p', 'card-link');
  const root = element('section', 'card', element('h2', {}, 'This model'), facts, link);
  return {
    root,
    show(subject, info) {
      const { dataset, weightCount, bytes, step, kind } = info;
      const known: (readonly [string, string])[] = [
        ['Trained by', kind === 'meanflow' ? 'MeanFlow' : 'flow matching'],
        [
          'Data',
          `${dataset.name}, ${numbers.format(dataset.count)} images of ${dataset.sampleShape.join(' × ')}`,
        ],
        ['Network', `diffusion transformer, ${numbers.format(weightCount)} weights, ${sizeText(bytes)}`],
        ['Steps', step === null ? 'not said' : numbers.format(step)],
        ...('entry' in subject ? subject.entry.facts : []),
      ];
      facts.replaceChildren(
        ...known.map(([name, text]) => element('div', {}, element('dt', {}, name), element('dd', {}, text))),
      );
      link.replaceChildren(
        ...('entry' in subject
          ? [element('a', { text: 'Model card', attributes: { href: modelAddress(subject.entry.card) } })]
          : []),
      );
    },
  };
}
