export { batchesOf } from './batches';
export type { Batch, BatchOptions, BatchSource, MemoryBatchSource } from './batches';
export { createDamageLog } from './damage';
export type { Damage, DamageLog, DamageOptions } from './damage';
export type { ImageDataset, PointDataset } from './dataset';
export { loadDigits } from './digits';
export { isImageName } from './formats/imageNames';
export { openImageArrays } from './formats/imageArrays';
export type { ImageArraysOptions } from './formats/imageArrays';
export { openImageZip } from './formats/imageZip';
export type { ImageZipOptions } from './formats/imageZip';
export { openLatentShards } from './formats/latentShards';
export type { LatentShardsOptions } from './formats/latentShards';
export { sourceOfImages } from './formats/memorySource';
export type { RandomSourceOptions } from './formats/randomSource';
export type { IndexStore } from './formats/shardIndex';
export { openWebDataset } from './formats/webDataset';
export type { ScanProgress, WebDatasetOptions } from './formats/webDataset';
export { parseIdx } from './idx';
export type { IdxArray, IdxData, IdxDtype, ParseIdxOptions } from './idx';
export { centerCrop } from './image/centerCrop';
export { formImage } from './image/formImage';
export { createBitmapDecoder } from './image/createBitmapDecoder';
export type { ImageDecoder, ImageForm } from './image/imageDecoder';
export { resizeImage } from './image/resizeImage';
export type { ResizeFilter } from './image/resizeImage';
export { imagesFromIdx } from './imagesFromIdx';
export type { ImagesFromIdxOptions, NamedBytes } from './imagesFromIdx';
export { httpFile } from './io/httpFile';
export type { HttpOptions } from './io/httpFile';
export type { GunzipStream } from './io/gunzipStream';
export { readerOfBytes } from './io/reading';
export type { ByteReader } from './io/reading';
export { fileOfBytes, readerOfFile } from './io/storedFile';
export type { FileState, StoredFile } from './io/storedFile';
export { decodeNpy, encodeNpy } from './npy';
export type { DecodeNpyOptions, NpyArray } from './npy';
export { decodeNpz, encodeNpz, readNpz } from './npz';
export type { DecodeNpzOptions, ReadNpzOptions } from './npz';
export { floatsToPixels, pixelsToFloats } from './pixels';
export type {
  EncodedImage,
  RandomAccessSource,
  RawImage,
  RawValues,
  SequentialSource,
  Shard,
  Source,
  SourceInfo,
  StoredSample,
} from './source';
export { streamBatches } from './streamBatches';
export type { BatchStream, StreamOptions, StreamStats } from './streamBatches';
export { toyNames, toyPoints } from './toys';
export type { ToyName, ToyOptions } from './toys';
export { encodeZip, openZip } from './zipArchive';
export type { OpenZipOptions, ZipFile } from './zipArchive';
