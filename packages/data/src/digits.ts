import type { ImageDataset } from './dataset';
import { digitsImages, digitsLabels } from './digitsData';
import { imagesFromIdx } from './imagesFromIdx';

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)); // atob: in every browser and in Node
}

/**
 * The 1797 handwritten digits of 8 x 8 pixels that travel inside this package: no network, no file system.
 *
 * The original counts of dark cells, 0 .. 16, are scaled once to 0 .. 255 (17 levels, white strokes on black).
 *
 * @returns A new data set [1797, 8, 8, 1] with 10 classes; the caller owns it.
 * @see E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
 *   https://doi.org/10.24432/C50P49, CC BY 4.0; the part and order of scikit-learn's `load_digits`.
 */
export function loadDigits(): ImageDataset {
  return imagesFromIdx(
    { name: 'digits-images-idx3-ubyte.gz', bytes: fromBase64(digitsImages) },
    { name: 'digits-labels-idx1-ubyte.gz', bytes: fromBase64(digitsLabels) },
    { name: 'digits', numClasses: DIGITS.length, classNames: DIGITS },
  );
}
