import { formImage } from '@meanflow/data';
import type {
  EncodedImage,
  ImageDecoder,
  ImageForm,
  RawImage,
  RawValues,
  Source,
  StoredSample,
} from '@meanflow/data';

const AT_ONCE = 128;

/** A sample with what it looks like. */
export interface SeenSample {
  readonly shard: string;
  readonly sample: StoredSample;
  /** The decoded image, or the values of a set that has no images. */
  readonly content: RawImage | RawValues;
}

/** All samples as they are stored, some at a time. */
async function* storedGroups(source: Source): AsyncGenerator<{ shard: string; samples: StoredSample[] }> {
  for (const [number, { name, count }] of source.shards.entries()) {
    let samples: StoredSample[] = [];
    if (source.access === 'sequential') {
      for await (const sample of source.read(number, 0)) {
        samples.push(sample);
        if (samples.length < AT_ONCE) continue;
        yield { shard: name, samples };
        samples = [];
      }
      if (samples.length > 0) yield { shard: name, samples };
      continue;
    }
    for (let first = 0; first < count; first += AT_ONCE) {
      const indices = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => first + i);
      const read = await Promise.all(indices.map((index) => source.readAt(index)));
      yield { shard: name, samples: read.filter((sample) => sample !== null) };
    }
  }
}

/**
 * Every sample of a source once, in the order as stored, decoded and brought into a form. Damaged ones are reported to
 * the source's log and left out.
 *
 * @throws Error if the log has had enough.
 */
export async function* everyImage(
  source: Source,
  decoder: ImageDecoder,
  form: ImageForm = { size: null, channels: null },
): AsyncGenerator<SeenSample> {
  for await (const { shard, samples } of storedGroups(source)) {
    const encoded = samples.filter(({ content }) => content.kind === 'encoded');
    const files = encoded.map(({ content }) => (content as EncodedImage).bytes);
    const decoded = new Map((await decoder.decode(files, form)).map((image, i) => [encoded[i], image]));
    for (const sample of samples) {
      const image = decoded.get(sample);
      if (typeof image === 'string') {
        const { key, offset } = sample;
        source.damage.report({ shard, key, offset, problem: image });
      } else if (image !== undefined) {
        yield { shard, sample, content: image };
      } else if (sample.content.kind === 'pixels') {
        yield { shard, sample, content: formImage(sample.content, form) };
      } else if (sample.content.kind === 'values') {
        yield { shard, sample, content: sample.content };
      }
    }
  }
}
