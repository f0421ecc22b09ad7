import type { Ink } from './inkPoints';

/** The darkness of a canvas's pixels. */
export function inkOf(context: CanvasRenderingContext2D): Ink {
  const { width, height } = context.canvas;
  const { data } = context.getImageData(0, 0, width, height);
  const alpha = new Uint8ClampedArray(width * height);
  for (let i = 0; i < alpha.length; i++) alpha[i] = data[4 * i + 3] ?? 0;
  return { width, height, alpha };
}

const fontSize = 96;

/**
 * A text as ink, in the browser's own bold font; each word gets a line, so that letters stay large.
 *
 * @throws RangeError if there is nothing but spaces.
 */
export function inkOfText(text: string): Ink {
  const lines = text.trim().split(/\s+/);
  if (lines.join('') === '')
    throw new RangeError('understand: a text must have letters, got none. Type a word.');
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser does not let the page draw.');
  const font = `800 ${fontSize}px system-ui, sans-serif`;
  context.font = font;
  canvas.width = Math.ceil(Math.max(...lines.map((line) => context.measureText(line).width))) + 8;
  canvas.height = Math.ceil(fontSize * 1.1 * lines.length + 0.3 * fontSize);
  context.font = font; // a canvas forgets when it is resized
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const [i, line] of lines.entries())
    context.fillText(line, canvas.width / 2, fontSize * (1.1 * (i + 0.5) + 0.15));
  return inkOf(context);
}
