import type { CaseName } from './cases';
import type { BenchNetwork } from './networks';

/** Matrix products of one shape, [m, k] [k, n] in each of some groups. */
export interface Product {
  readonly groups: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Whether the left matrix lies in memory as [k, m]. */
  readonly transposeA: boolean;
  /** Whether the right one lies as [n, k]. */
  readonly transposeB: boolean;
}

/** Products of one shape and how many of them a step has. */
export interface CountedProduct extends Product {
  readonly count: number;
}

/** A dense layer: `rows` of `fanIn` numbers become rows of `fanOut`. */
interface Dense {
  readonly rows: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly count: number;
  /** Whether its input depends on weights, so that the backward pass needs the gradient of the input. */
  readonly inner: boolean;
}

const FREQUENCIES = 256;

function denseLayers({ config }: BenchNetwork, batch: number): Dense[] {
  const { inputSize, patchSize, channels, hiddenSize: width, depth, mlpRatio = 4 } = config;
  const tokens = batch * (inputSize / patchSize) ** 2;
  const patch = patchSize ** 2 * channels;
  const mlp = Math.floor(width * mlpRatio);
  const layer = (rows: number, fanIn: number, fanOut: number, count: number, inner = true): Dense => ({
    rows,
    fanIn,
    fanOut,
    count,
    inner,
  });
  return [
    layer(tokens, patch, width, 1, false),
    layer(batch, FREQUENCIES, width, 2, false),
    layer(batch, width, width, 2),
    layer(batch, width, 6 * width, depth),
    layer(tokens, width, 3 * width, depth),
    layer(tokens, width, width, depth),
    layer(tokens, width, mlp, depth),
    layer(tokens, mlp, width, depth),
    layer(batch, width, 2 * width, 1),
    layer(tokens, width, patch, 1),
  ];
}

const plain = { groups: 1, transposeA: false, transposeB: false };

const forwardOf = ({ rows, fanIn, fanOut, count }: Dense): CountedProduct => ({
  ...plain,
  m: rows,
  k: fanIn,
  n: fanOut,
  count,
});

/** dW = X' dY, and dX = dY W' where it is needed. */
function backwardOf({ rows, fanIn, fanOut, count, inner }: Dense): CountedProduct[] {
  const dKernel = { ...plain, m: fanIn, k: rows, n: fanOut, transposeA: true, count };
  const dInput = { ...plain, m: rows, k: fanOut, n: fanIn, transposeB: true, count };
  return inner ? [dKernel, dInput] : [dKernel];
}

/** The kinds of products in attention: Q K' and its like, A V, and A' dY. */
function attentionOf({ config }: BenchNetwork, batch: number) {
  const tokens = (config.inputSize / config.patchSize) ** 2;
  const features = config.hiddenSize / config.numHeads;
  const groups = batch * config.numHeads;
  const counted = (product: Omit<Product, 'groups'>) => (timesPerBlock: number) => ({
    ...product,
    groups,
    count: timesPerBlock * config.depth,
  });
  return {
    scores: counted({ m: tokens, k: features, n: tokens, transposeA: false, transposeB: true }),
    mix: counted({ m: tokens, k: tokens, n: features, transposeA: false, transposeB: false }),
    back: counted({ m: tokens, k: tokens, n: features, transposeA: true, transposeB: false }),
  };
}

function forward(network: BenchNetwork, batch: number): CountedProduct[] {
  const { scores, mix } = attentionOf(network, batch);
  return [...denseLayers(network, batch).map(forwardOf), scores(1), mix(1)];
}

/** Forward mode: a dense layer's tangent is dX W, scores and mix have two factors that change. */
function tangent(network: BenchNetwork, batch: number): CountedProduct[] {
  const { scores, mix } = attentionOf(network, batch);
  return [...denseLayers(network, batch).map(forwardOf), scores(2), mix(2)];
}

/** dA = dY V', dV = A' dY, dQ = dS K, dK = dS' Q. */
function backward(network: BenchNetwork, batch: number): CountedProduct[] {
  const { scores, mix, back } = attentionOf(network, batch);
  return [...denseLayers(network, batch).flatMap(backwardOf), scores(1), mix(1), back(2)];
}

/** A text that is the same for products of the same shape. */
export function shapeKey({ groups, m, k, n, transposeA, transposeB }: Product): string {
  return `${groups > 1 ? `${groups} x ` : ''}[${m}, ${k}]${transposeA ? "'" : ''} [${k}, ${n}]${transposeB ? "'" : ''}`;
}

/** Floating-point operations of one product, 2 groups m k n. */
export function flopsOf({ groups, m, k, n }: Product): number {
  return 2 * groups * m * k * n;
}

/**
 * The matrix products that a case needs, shapes that occur several times counted together: the forward pass of the whole
 * batch, forward mode for the rows with r < t, the backward pass, and with guidance a forward pass of twice the batch.
 * No less will do, however the step is arranged; the label's row is a lookup, no product.
 *
 * @param instantRows Rows with r = t.
 */
export function stepProducts(network: BenchNetwork, name: CaseName, instantRows: number): CountedProduct[] {
  const { batch } = network;
  const parts = [forward(network, batch)];
  if (name !== 'sampling') parts.push(backward(network, batch));
  if (name === 'meanflow' || name === 'meanflow-guided') parts.push(tangent(network, batch - instantRows));
  if (name === 'meanflow-guided') parts.push(forward(network, 2 * batch));
  const byShape = new Map<string, CountedProduct>();
  for (const product of parts.flat()) {
    const key = shapeKey(product);
    byShape.set(key, { ...product, count: product.count + (byShape.get(key)?.count ?? 0) });
  }
  return [...byShape.values()];
}

/** Floating-point operations of all products. */
export function totalFlops(products: readonly CountedProduct[]): number {
  return products.reduce((sum, product) => sum + product.count * flopsOf(product), 0);
}
