import { UserError } from '../userError';

function refuse(text: string, numClasses: number): never {
  throw new UserError(
    `--classes must name classes from 0 to ${numClasses - 1}, such as 0-9 or 3,5,7, got ${text}.`,
  );
}

/** The classes of one part, `3` or `0-9`. */
function classesOf(part: string, text: string, numClasses: number): number[] {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
  const [first, last] = [Number(from ?? NaN), Number(to ?? NaN)];
  if (!(first <= last && last < numClasses)) refuse(text, numClasses);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/**
 * Reads a list of classes such as `0-9,3`: numbers and ranges, in the order given; a class may come twice.
 *
 * @param numClasses Number of classes of the model.
 * @throws UserError if it is no such list, or the model has no classes.
 */
export function parseClasses(text: string, numClasses: number): number[] {
  if (numClasses === 0)
    throw new UserError(`--classes is for models with classes, and this one has none, got ${text}.`);
  return text.split(',').flatMap((part) => classesOf(part, text, numClasses));
}
