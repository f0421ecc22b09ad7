import { formImage } from '../image/formImage';
import type { ImageDecoder, ImageForm } from '../image/imageDecoder';
import type { RawImage, RawValues, Source, StoredSample } from '../source';
import type { OrderedSample } from './sampleOrder';
import type { PlacedSample, SampleReader } from './sampleReader';

/** A sample that is ready for a batch. */
export interface ReadyRow {
  readonly ordered: OrderedSample;
  readonly label: number;
  readonly content: RawImage | RawValues;
}

/** What turns stored samples into ready ones. */
export interface Workshop {
  readonly source: Source;
  readonly form: ImageForm;
  readonly decoder: ImageDecoder | null;
  readonly signal: AbortSignal;
  /** Counts images that were decoded. */
  readonly onDecoded: (images: number) => void;
  /** Numbers of samples that are known to be lost. */
  readonly lost: Set<number>;
}

function reportUndecodable({ source }: Workshop, sample: StoredSample, shard: number, problem: string): void {
  const { key, offset } = sample;
  source.damage.report({ shard: source.shards[shard]?.name ?? source.name, key, offset, problem });
}

/** Decodes what needs it; null for a sample that is damaged, which has been reported. */
export async function prepareRows(
  workshop: Workshop,
  placed: readonly PlacedSample[],
): Promise<(ReadyRow | null)[]> {
  const { decoder, form, signal, source } = workshop;
  const encoded = placed.flatMap(({ sample }) =>
    sample?.content.kind === 'encoded' ? [sample.content.bytes] : [],
  );
  if (encoded.length > 0 && decoder === null) {
    throw new Error(
      `streamBatches: the images of ${source.name} need a decoder, got none. Pass decoder: createImageDecoder() of @meanflow/data/node.`,
    );
  }
  const decoded = encoded.length > 0 ? await decoder?.decode(encoded, form, signal) : [];
  workshop.onDecoded(encoded.length);
  let next = 0;
  return placed.map(({ ordered, sample }) => {
    if (sample === null) return null;
    const { content, label } = sample;
    if (content.kind === 'values') return { ordered, label, content };
    if (content.kind === 'pixels') return { ordered, label, content: formImage(content, form) };
    const image = decoded?.[next++] ?? 'the decoder must answer for every image, got nothing';
    if (typeof image !== 'string') return { ordered, label, content: image };
    reportUndecodable(workshop, sample, ordered.shard, image);
    return null;
  });
}

/** The next good sample of the order after a position, within its epoch, from whose end it goes on at its beginning. */
async function substitute(workshop: Workshop, reader: SampleReader, position: number): Promise<ReadyRow> {
  const count = workshop.source.shards.reduce((sum, shard) => sum + shard.count, 0);
  const begin = position - (position % count);
  for (let step = 1; step < count; step++) {
    const candidate = begin + ((position - begin + step) % count);
    if (workshop.lost.has(reader.at(candidate).number)) continue;
    const placed = await reader.peek(candidate);
    const [row] = await prepareRows(workshop, [placed]);
    if (row != null) return row;
    workshop.lost.add(placed.ordered.number);
  }
  throw new Error(`streamBatches: a data set must have a good sample, got none in ${workshop.source.name}.`);
}

/**
 * The rows of a batch.
 *
 * A damaged sample's place is taken by the next good sample of the order, which also keeps its own place: no other row
 * moves, and every number of ranks and every batch size sees the same.
 */
export async function assembleRows(
  workshop: Workshop,
  reader: SampleReader,
  positions: readonly number[],
): Promise<ReadyRow[]> {
  const rows = await prepareRows(workshop, await reader.take(positions));
  const filled: ReadyRow[] = [];
  for (const [i, position] of positions.entries()) {
    const row = rows[i];
    if (row == null) workshop.lost.add(reader.at(position).number);
    filled.push(row ?? (await substitute(workshop, reader, position)));
  }
  return filled;
}
