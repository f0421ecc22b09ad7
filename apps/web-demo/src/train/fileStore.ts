/** Files by name, kept from one visit to the next. Writing is not atomic: see `openRunStore`. */
export interface FileStore {
  /** A file's content; null if there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Writes a whole file and waits until it is stored. What was there is gone even if this fails. */
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes a file, if it is there. */
  remove(name: string): Promise<void>;
  names(): Promise<string[]>;
}

/** Why nothing can be kept here. The sentence is for the visitor. */
class NoStorage extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'NoStorage';
  }
}

const isNotFound = (error: unknown) => error instanceof DOMException && error.name === 'NotFoundError';

async function readHandle(folder: FileSystemDirectoryHandle, name: string) {
  try {
    const file = await (await folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** What a worker can do with a file of the private file system; TypeScript knows of it in workers only. */
interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<{
    truncate(size: number): void;
    write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
    flush(): void;
    close(): void;
  }>;
}

async function writeHandle(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array<ArrayBuffer>) {
  const file = (await folder.getFileHandle(name, { create: true })) as SyncFileHandle;
  const handle = await file.createSyncAccessHandle();
  try {
    handle.truncate(0);
    for (let done = 0; done < bytes.length;) {
      const written = handle.write(bytes.subarray(done), { at: done });
      if (written === 0) throw new DOMException('nothing more can be written', 'QuotaExceededError');
      done += written;
    }
    handle.flush();
  } finally {
    handle.close();
  }
}

/**
 * A folder of the origin's private file system. In a worker only.
 *
 * @param name Of the folder.
 * @throws NoStorage if this browser keeps no files for the page.
 */
export async function openPrivateFiles(name: string): Promise<FileStore> {
  // Absent on plain http, whatever the types say; in private windows of some browsers it refuses.
  const storage = navigator.storage as StorageManager | undefined;
  let folder: FileSystemDirectoryHandle;
  try {
    if (storage === undefined) throw new Error('the address is not secure');
    folder = await (await storage.getDirectory()).getDirectoryHandle(name, { create: true });
  } catch {
    throw new NoStorage(
      'This browser keeps no files for this page (a private window, or an address without https), so a reload would lose the training: download it before you leave.',
    );
  }
  return {
    read: (file) => readHandle(folder, file),
    write: (file, bytes) => writeHandle(folder, file, bytes),
    async remove(file) {
      await folder.removeEntry(file).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    },
    async names() {
      const names: string[] = [];
      for await (const entry of folder.keys()) names.push(entry);
      return names;
    },
  };
}
