import { zipSync } from 'fflate';
import { encodeNpy } from './npy';
import type { NpyArray } from './npy';

/**
 * The bytes of a `.npz` file, as `numpy.savez` writes it: a zip of `.npy` files, not compressed. Equal arrays give equal
 * bytes.
 */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  const earliest = new Date(1980, 0, 1); // zip stores local time and knows no earlier one
  return zipSync(Object.fromEntries(files), { level: 0, mtime: earliest });
}
