import { i32 } from '@meanflow/wasm';
import type { FunctionBuilder, I32, Kernel } from '@meanflow/wasm';

// Attention, head by head: the heads are read where they lie in [B, N, D], by their stride, and a head's N x N scores
// exist only while it is computed.

/** A head's matrix: an address, and bytes from row to row. */
interface Matrix {
  address: I32;
  stride: I32;
  transposed?: boolean;
}

/** Rows, columns and terms of a product. */
type Sizes = readonly [m: I32, n: I32, k: I32];

/** What is done for a head. */
interface Head {
  /** Its queries, keys and values in the n-th [B, N, 3 D]. */
  parts: (n: number) => readonly [Matrix, Matrix, Matrix];
  /** Its part of the n-th [B, N, D]. */
  of: (n: number) => Matrix;
  /** Scratch matrices of [N, N]. */
  first: Matrix;
  second: Matrix;
  /** c = a b; added to c if asked for. */
  product: (a: Matrix, b: Matrix, c: Matrix, sizes: Sizes, adds?: boolean) => void;
  softmax: (scores: Matrix) => void;
  /** d = s a (d - sum a d). */
  slope: (a: Matrix, d: Matrix) => void;
  toScores: Sizes;
  toFeatures: Sizes;
}

const times = (a: I32, n: number) => i32.mul(a, i32.of(n));
const flag = (on = false) => i32.of(Number(on));

/**
 * (...addresses of [B, N, 3 D], ...addresses of [B, N, D], head, heads, tokens, features, shared, count, scratch): calls
 * `body` for so many heads, from the one with the given number of its sample on, of which the addresses are. `shared` has
 * the scale s of the scores, and after it zeros, as many as {@link sharedNumbers} says.
 */
function headwise(packed: number, plain: number, body: (head: Head) => void): Kernel {
  return (f: FunctionBuilder) => {
    const addresses = (n: number) => Array.from({ length: n }, () => f.parameter('i32'));
    const [triples, singles] = [addresses(packed), addresses(plain)];
    const [head, heads, tokens] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
    const [features, shared, count, scratch] = [
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
    ];
    const [left, own, stride, tripleStride] = [
      f.local('i32'),
      f.local('i32'),
      f.local('i32'),
      f.local('i32'),
    ];
    const [scoreStride, scoreBytes] = [f.local('i32'), f.local('i32')];
    const [firstAt, secondAt, space, zeros] = [
      f.local('i32'),
      f.local('i32'),
      f.local('i32'),
      f.local('i32'),
    ];
    f.emit(
      left.set(count),
      own.set(times(features, 4)),
      stride.set(i32.mul(own, heads)),
      tripleStride.set(times(stride, 3)),
      scoreStride.set(times(tokens, 4)),
      scoreBytes.set(i32.mul(scoreStride, tokens)),
      firstAt.set(scratch),
      secondAt.set(i32.add(firstAt, scoreBytes)),
      space.set(i32.add(secondAt, scoreBytes)),
      zeros.set(i32.add(shared, i32.of(4))),
    );
    const at = (n: number) => (triples[n] ?? zeros) as I32;
    f.while(i32.lessS(i32.of(0), left), () => {
      body({
        parts: (n) => [
          { address: at(n), stride: tripleStride },
          { address: i32.add(at(n), stride), stride: tripleStride },
          { address: i32.add(at(n), times(stride, 2)), stride: tripleStride },
        ],
        of: (n) => ({ address: singles[n] ?? zeros, stride }),
        first: { address: firstAt, stride: scoreStride },
        second: { address: secondAt, stride: scoreStride },
        product: (a, b, c, sizes, adds = false) => {
          f.emit(
            f.call(
              'product',
              ...[a.address, a.stride, flag(a.transposed)],
              ...[b.address, b.stride, flag(b.transposed)],
              ...[c.address, c.stride, ...sizes],
              ...(adds ? [c.address, c.stride] : [zeros, i32.of(0)]),
              space,
            ),
          );
        },
        softmax: (scores) => {
          f.emit(f.call('softmaxRows', scores.address, shared, tokens, tokens));
        },
        slope: (a, d) => {
          f.emit(f.call('softmaxSlopeRows', a.address, d.address, shared, tokens, tokens));
        },
        toScores: [tokens, tokens, features],
        toFeatures: [tokens, features, tokens],
      });
      for (const address of [...triples, ...singles]) f.emit(address.set(i32.add(address, own)));
      f.emit(head.set(i32.add(head, i32.of(1))), left.set(i32.sub(left, i32.of(1))));
      f.if(i32.isZero(i32.sub(heads, head)), () => {
        // The last head of a sample: to the first one of the next.
        for (const address of triples)
          f.emit(address.set(i32.add(address, i32.sub(i32.mul(tripleStride, tokens), stride))));
        for (const address of singles)
          f.emit(address.set(i32.add(address, i32.sub(i32.mul(stride, tokens), stride))));
        f.emit(head.set(i32.of(0)));
      });
    });
  };
}

const transposed = (matrix: Matrix): Matrix => ({ ...matrix, transposed: true });

/** softmax(s q k') v; addresses qkv | y. */
const attention = headwise(1, 1, ({ parts, of, first, product, softmax, toScores, toFeatures }) => {
  const [q, k, v] = parts(0);
  product(q, transposed(k), first, toScores);
  softmax(first);
  product(first, v, of(0), toFeatures);
});

/** Gradient of q, k and v; addresses qkv, dqkv | dy. */
const attentionPullBack = headwise(2, 1, (head) => {
  const { parts, of, first, second, product, softmax, slope, toScores, toFeatures } = head;
  const [q, k, v] = parts(0);
  const [dq, dk, dv] = parts(1);
  const dy = of(0);
  product(q, transposed(k), first, toScores);
  softmax(first);
  product(transposed(first), dy, dv, toFeatures);
  product(dy, transposed(v), second, toScores);
  slope(first, second);
  product(second, k, dq, toFeatures);
  product(transposed(second), q, dk, toFeatures);
});

/** Tangent of the result in a direction d of q, k and v; addresses qkv, d | dy. */
const attentionPush = headwise(2, 1, (head) => {
  const { parts, of, first, second, product, softmax, slope, toScores, toFeatures } = head;
  const [q, k, v] = parts(0);
  const [dq, dk, dv] = parts(1);
  const dy = of(0);
  product(q, transposed(k), first, toScores);
  softmax(first);
  product(dq, transposed(k), second, toScores);
  product(q, transposed(dk), second, toScores, true);
  slope(first, second);
  product(second, v, dy, toFeatures);
  product(first, dv, dy, toFeatures, true);
});

export const attentionCode = { attention, attentionPullBack, attentionPush };
