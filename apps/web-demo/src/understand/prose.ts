import { element } from '../ui/elements';

/** Text in which what stands between stars is a formula's letter: `'at *t* = 1'`. */
function prose(text: string): Node[] {
  return text
    .split('*')
    .map((part, i) => (i % 2 === 1 ? element('var', { text: part }) : document.createTextNode(part)));
}

/** A paragraph of text in which what stands between stars is a letter of a formula. */
export function paragraph(text: string, className = ''): HTMLParagraphElement {
  return element('p', className, ...prose(text));
}

/** A formula on a line of its own. */
export function formula(text: string): HTMLParagraphElement {
  return paragraph(text, 'formula');
}
