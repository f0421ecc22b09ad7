import { plainName } from '../io/names';
import type { ByteReader } from '../io/reading';
import { readerOfFile } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';
import type { OpenSourceOptions, Place } from './format';

/**
 * The one file of a place.
 *
 * @throws Error, one sentence, if there are several.
 */
export function onlyFile({ location, files }: Place): StoredFile {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) {
    throw new Error(
      `openSource: ${location} must be one file in this format, got ${files.length}. Likely fix: name one file.`,
    );
  }
  return file;
}

/**
 * Opens the one file of a place by ranges.
 *
 * @param open Makes a source of it, which closes it; if it fails, the file is closed.
 */
export async function openReader<T>(
  place: Place,
  signal: AbortSignal | undefined,
  open: (reader: ByteReader) => Promise<T>,
): Promise<T> {
  const reader = await readerOfFile(onlyFile(place), signal);
  try {
    return await open(reader);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** Whether all files of a place, at least one, have such a name. */
export function allNamed({ files }: Place, is: (name: string) => boolean): boolean {
  return files.length > 0 && files.every(({ name }) => is(plainName(name)));
}

/** Whether the first file begins with these bytes. */
export function beginsWith({ start }: Place, bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => start[i] === byte);
}

type Common = Pick<OpenSourceOptions, 'numClasses' | 'classNames' | 'damage' | 'signal'> & { name: string };

/** Options that all formats take, without keys whose value is undefined. */
export function commonOptions(options: OpenSourceOptions & { name: string }): Common {
  const { name, numClasses, classNames, damage, signal } = options;
  return {
    name,
    ...(numClasses !== undefined && { numClasses }),
    ...(classNames && { classNames }),
    ...(damage && { damage }),
    ...(signal && { signal }),
  };
}
