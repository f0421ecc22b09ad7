import { encodeZip, readerOfBytes } from '@meanflow/data';
import type { ImageDataset } from '@meanflow/data';
import { sha256 } from '@meanflow/train';
import type { FileStore } from './fileStore';
import { decodeImages, encodeImages, filesOfZip, readRunFiles, runFolder } from './runFiles';
import type { StoredRun } from './runFiles';

/** A run as it is kept from one visit to the next. */
export interface KeptRun extends StoredRun {
  /** The images that it is trained on; null for the digits. */
  readonly images: ImageDataset | null;
}

/** What was found of an earlier visit. */
export interface FoundKept {
  readonly run: KeptRun | null;
  /** A sentence about what could not be used; null if all is well. */
  readonly problem: string | null;
}

/** Keeps one run. */
export interface RunStore {
  /**
   * Keeps a run instead of the one before. Whenever this is interrupted, by a crash too, or fails, the run before is
   * still there whole.
   *
   * @returns Bytes that were written.
   */
  save(run: KeptRun): Promise<number>;
  /** The run that was kept last and is whole. */
  load(): Promise<FoundKept>;
  /** Forgets all. */
  clear(): Promise<void>;
}

// Two slots are written in turn. One that was written in part fails its checks, and the other one counts.
const slots = ['a.zip', 'b.zip'] as const;
type Slot = (typeof slots)[number];
const RECORD = 'page/save.json';

/** What a slot says of itself. */
interface SaveRecord {
  /** Number of the save: of two whole slots the higher one counts. */
  readonly save: number;
  /** File of the images; null for the digits. */
  readonly images: string | null;
}

/** A slot whose record can be read. */
interface FoundSlot {
  readonly slot: Slot;
  readonly bytes: Uint8Array;
  readonly record: SaveRecord;
}

async function readRecord(bytes: Uint8Array): Promise<SaveRecord> {
  const files = await filesOfZip(readerOfBytes('the kept run', bytes));
  const file = files.find(({ path }) => path === RECORD);
  if (file === undefined) throw new Error('it has no record');
  const record = JSON.parse(new TextDecoder().decode(await file.read())) as SaveRecord;
  if (!Number.isSafeInteger(record.save)) throw new Error('its record is damaged');
  return record;
}

async function loadSlot(files: FileStore, { bytes, record }: FoundSlot): Promise<KeptRun> {
  const found = await readRunFiles(await filesOfZip(readerOfBytes('the kept run', bytes)));
  if (record.images === null) return { ...found, images: null };
  const images = await files.read(record.images);
  if (images === null || imagesName(images) !== record.images) throw new Error('its images are damaged');
  return { ...found, images: await decodeImages(readerOfBytes(record.images, images)) };
}

/** Images are kept once, by their content. */
const imagesName = (bytes: Uint8Array) => `images-${sha256(bytes).slice(0, 16)}.npz`;

/**
 * A store in files, which only one program may use at a time.
 *
 * @param files Borrowed.
 */
export function openRunStore(files: FileStore): RunStore {
  /** Slots that can be read, the newest first, and whether there is one that cannot. */
  async function readSlots(): Promise<{ found: FoundSlot[]; isDamaged: boolean }> {
    const found: FoundSlot[] = [];
    let isDamaged = false;
    for (const slot of slots) {
      const bytes = await files.read(slot);
      if (bytes === null) continue;
      try {
        found.push({ slot, bytes, record: await readRecord(bytes) });
      } catch {
        isDamaged = true;
      }
    }
    return { found: found.sort((a, b) => b.record.save - a.record.save), isDamaged };
  }

  let next: { slot: Slot; save: number } | null = null;
  let known: { images: ImageDataset; name: string } | null = null;

  /** The slot to write: not the one of the newest run that is whole. */
  async function nextSlot(): Promise<{ slot: Slot; save: number }> {
    const { found } = await readSlots();
    for (const candidate of found) {
      try {
        await loadSlot(files, candidate);
      } catch {
        continue;
      }
      return {
        slot: candidate.slot === slots[0] ? slots[1] : slots[0],
        save: (found[0]?.record.save ?? 0) + 1,
      };
    }
    return { slot: slots[0], save: (found[0]?.record.save ?? 0) + 1 };
  }

  async function keepImages(images: ImageDataset): Promise<{ name: string; written: number }> {
    if (known?.images === images) return { name: known.name, written: 0 };
    const bytes = new Uint8Array(encodeImages(images));
    const name = imagesName(bytes);
    const there = await files.read(name);
    const isThere = there !== null && imagesName(there) === name;
    if (!isThere) await writeOrRemove(name, bytes);
    known = { images, name };
    return { name, written: isThere ? 0 : bytes.length };
  }

  /** A part of a file would only take space. */
  async function writeOrRemove(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await files.write(name, bytes);
    } catch (error) {
      await files.remove(name).catch(() => undefined);
      throw error;
    }
  }

  async function removeUnused(): Promise<void> {
    const { found } = await readSlots();
    const used = new Set<string>([...slots, ...found.flatMap(({ record }) => record.images ?? [])]);
    for (const name of await files.names()) if (!used.has(name)) await files.remove(name);
  }

  return {
    async save(run) {
      next ??= await nextSlot();
      const { slot, save } = next;
      const { name, written } =
        run.images === null ? { name: null, written: 0 } : await keepImages(run.images);
      const record: SaveRecord = { save, images: name };
      const bytes = encodeZip({
        ...runFolder(run, null),
        [RECORD]: new TextEncoder().encode(JSON.stringify(record)),
      });
      await writeOrRemove(slot, bytes);
      next = { slot: slot === slots[0] ? slots[1] : slots[0], save: save + 1 };
      if (written > 0) await removeUnused();
      return written + bytes.length;
    },
    async load() {
      const { found, isDamaged } = await readSlots();
      let problem = isDamaged ? 'The latest save on this device is damaged' : null;
      for (const candidate of found) {
        try {
          const run = await loadSlot(files, candidate);
          const { step } = run.checkpoint.snapshot;
          return { run, problem: problem && `${problem}; the one before it, of step ${step}, is used.` };
        } catch (error) {
          const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
          problem = `The latest save on this device is damaged (${reason})`;
        }
      }
      return { run: null, problem: problem && `${problem}, and there is no other: it cannot be used.` };
    },
    async clear() {
      for (const name of await files.names()) await files.remove(name);
      next = null;
      known = null;
    },
  };
}
