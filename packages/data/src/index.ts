export type { ImageDataset, PointDataset } from './dataset';
export { parseIdx } from './idx';
export type { IdxArray, IdxData, IdxDtype, ParseIdxOptions } from './idx';
export { imagesFromIdx } from './imagesFromIdx';
export type { ImagesFromIdxOptions, NamedBytes } from './imagesFromIdx';
export { floatsToPixels, pixelsToFloats } from './pixels';
