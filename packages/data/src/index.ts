export type { ImageDataset, PointDataset } from './dataset';
export { loadDigits } from './digits';
export { parseIdx } from './idx';
export type { IdxArray, IdxData, IdxDtype, ParseIdxOptions } from './idx';
export { imagesFromIdx } from './imagesFromIdx';
export type { ImagesFromIdxOptions, NamedBytes } from './imagesFromIdx';
export { floatsToPixels, pixelsToFloats } from './pixels';
export { toyNames, toyPoints } from './toys';
export type { ToyName, ToyOptions } from './toys';
