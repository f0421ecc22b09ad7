import { permutation } from '@meanflow/random';

const CACHED_EPOCHS = 2; // a batch that straddles epochs needs both orders, at every step while it does

/** The order of each epoch, (epoch, place) -> index; the orders of the latest epochs are kept. */
export function epochOrder(count: number, seed: number): (epoch: number, place: number) => number {
  const orders = new Map<number, Uint32Array>();
  return (epoch, place) => {
    let order = orders.get(epoch);
    if (order === undefined) {
      order = permutation({ seed, purpose: 'shuffle', step: epoch }, count);
      orders.set(epoch, order);
      const [oldest] = orders.keys();
      if (orders.size > CACHED_EPOCHS && oldest !== undefined) orders.delete(oldest);
    }
    return order[place] ?? 0;
  };
}
