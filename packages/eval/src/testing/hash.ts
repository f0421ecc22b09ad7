/** FNV-1a, 32 bits, of UTF-8 bytes. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function mix(seed: number, i: number): number {
  let x = (i ^ seed) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The numbers in [0, 1) that golden files are generated from: element i of the stream of a name. */
export function hashed(name: string): (i: number) => number {
  const seed = fnv(name);
  return (i) => mix(seed, i) / 2 ** 32;
}
