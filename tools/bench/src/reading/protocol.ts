/** What a program that reads batches is asked to do; it answers in the way of `../protocol.ts`. */
export type ReadRequest =
  /** Opens shards, in this order; answered by `{ ok: true }`. */
  | {
      readonly do: 'open';
      readonly shards: readonly string[];
      readonly workers: number;
      readonly batch: number;
    }
  /** Mean of the first `images` images of the first shard, in its order, as float values. */
  | { readonly do: 'check'; readonly images: number }
  /** Reads so many batches; `value` is the mean of the last one. */
  | { readonly do: 'read'; readonly batches: number };

/** A timed answer. */
export interface ReadAnswer {
  readonly ms: number;
  readonly value: number;
}
