import type { DamageLog, DamageOptions } from '../damage';
import type { ScanProgress } from '../formats/webDataset';
import type { HttpOptions } from '../io/httpFile';
import type { StoredFile } from '../io/storedFile';
import type { Source } from '../source';

/** Formats that {@link openSource} knows. */
export type SourceFormat = 'webdataset' | 'folder' | 'zip' | 'npz' | 'idx' | 'latents';

/** Options of {@link openSource}. */
export interface OpenSourceOptions {
  /** Name of the data set. Default the last part of its path. */
  name?: string;
  /** Number of classes, 0 to ignore labels. Default: as the data says. */
  numClasses?: number;
  /** One name a class. Default: as the data says, `classes.txt` beside shards. */
  classNames?: readonly string[];
  /** Path of the labels, for image folders and IDX. Default: what lies with the images. */
  labels?: string;
  /** What to do about damage, or the log to report it to. Default the policy `fail`. */
  damage?: DamageOptions | DamageLog;
  /** Default: told by the path and by what lies there. */
  format?: SourceFormat;
  /** Folder for what was learnt by looking through shards; null to keep nothing. Default `shards` in `cacheFolder()`. */
  cache?: string | null;
  /** Headers, retries and patience of requests to servers. */
  http?: HttpOptions;
  signal?: AbortSignal;
  /** Called as shards are looked through. */
  onProgress?: (progress: ScanProgress) => void;
}

/** What lies at a location. */
export interface Place {
  /** As it was given. */
  readonly location: string;
  readonly kind: 'folder' | 'files';
  /** Files; those that a pattern stands for may be missing. None for a folder. */
  readonly files: readonly StoredFile[];
  /** First bytes of the first file; none if it cannot be read. */
  readonly start: Uint8Array;
}

/** How a kind of stored data set is recognised and opened. */
export interface Format {
  readonly format: SourceFormat;
  /** What to write in a message. */
  readonly description: string;
  recognises(place: Place): boolean | Promise<boolean>;
  open(place: Place, options: OpenSourceOptions & { name: string }): Promise<Source>;
}
