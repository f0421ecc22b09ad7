import type { DroppedFile } from './service';

/** All files below an entry of what was dropped. */
async function filesBelow(entry: FileSystemEntry): Promise<DroppedFile[]> {
  const path = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: DroppedFile[] = [];
  for (;;) {
    // A folder is read a hundred entries at a time, until there are no more.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (part.length === 0) return files;
    for (const inner of part) files.push(...(await filesBelow(inner)));
  }
}

/** The files of a drop, those in folders too, with their paths. Call it at once: later the browser has forgotten them. */
export async function filesOfDrop({ items, files }: DataTransfer): Promise<DroppedFile[]> {
  const entries = Array.from(items).flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return filesOfInput(files);
  const found = await Promise.all(entries.map(filesBelow));
  return found.flat();
}

/** The files that were chosen in a dialog, of a folder with their paths in it. */
export function filesOfInput(files: FileList): DroppedFile[] {
  return Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}
