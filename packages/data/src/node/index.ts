export { cacheFolder } from './cacheFolder';
export { createImageDecoder } from './createImageDecoder';
export type { DownloadOptions, DownloadProgress } from './download';
export { loadIdxFiles } from './loadIdxFiles';
export { loadMnist } from './loadMnist';
export type { MnistOptions } from './loadMnist';
export { openSource } from './openSource';
export type { OpenSourceOptions, SourceFormat } from './openSource';
