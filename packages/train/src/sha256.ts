/** Fractional bits of the cube roots of the first 64 primes, FIPS 180-4, Sec. 4.2.2. */
const K = Uint32Array.from(roundConstants());
/** Fractional bits of the square roots of the first 8 primes, FIPS 180-4, Sec. 5.3.3. */
const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const BLOCK_BYTES = 64;

/** The first 32 bits of the fraction of cbrt(p), exactly: the largest integer n with n^3 <= p 2^96, modulo 2^32. */
function roundConstants(): number[] {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < 64; n++) if (primes.every((p) => n % p !== 0n)) primes.push(n);
  return primes.map((p) => {
    const cube = p << 96n;
    let root = 0n;
    for (let bit = 1n << 35n; bit > 0n; bit >>= 1n) if ((root + bit) ** 3n <= cube) root += bit;
    return Number(root & 0xffffffffn);
  });
}

const rotate = (x: number, n: number) => (x >>> n) | (x << (32 - n));

/** One block of 64 bytes; FIPS 180-4, Sec. 6.2.2. */
function compress(hash: Uint32Array, view: DataView, at: number, w: Int32Array): void {
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const [early, late] = [w[i - 15] ?? 0, w[i - 2] ?? 0];
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    w[i] = (w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] ?? 0) + (w[i] ?? 0)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  for (const [i, x] of [a, b, c, d, e, f, g, h].entries()) hash[i] = (hash[i] ?? 0) + x;
}

/**
 * SHA-256 in hexadecimal, without Node and without `crypto.subtle`, which a page has on secure addresses only and which
 * answers with a promise.
 *
 * @param data Bytes, or text that is hashed as UTF-8. Borrowed.
 * @see FIPS 180-4, https://doi.org/10.6028/NIST.FIPS.180-4
 */
export function sha256(data: Uint8Array | string): string {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const hash = Uint32Array.from(INITIAL);
  const schedule = new Int32Array(64);
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole; at += BLOCK_BYTES) compress(hash, view, at, schedule);
  // The rest, a one bit, zeros and the length in bits fill the last block or two.
  const rest = bytes.subarray(whole);
  const tail = new Uint8Array(rest.length + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES);
  tail.set(rest);
  tail[rest.length] = 0x80;
  const tailView = new DataView(tail.buffer);
  tailView.setUint32(tail.length - 8, Math.floor(bytes.length / 2 ** 29));
  tailView.setUint32(tail.length - 4, bytes.length * 8); // modulo 2^32
  for (let at = 0; at < tail.length; at += BLOCK_BYTES) compress(hash, tailView, at, schedule);
  return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('');
}
