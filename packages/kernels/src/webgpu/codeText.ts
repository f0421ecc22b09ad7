// What code of shaders is put together with.

/** 0, ..., n - 1. */
export const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** A line for each of 0, ..., n - 1. */
export const lines = (n: number, line: (i: number) => string): string => count(n).map(line).join('\n');
/** A vector of four numbers. */
export const four = (part: (i: number) => string): string => `vec4<f32>(${count(4).map(part).join(', ')})`;
/** Name of component `i`, modulo 4, of a vector. */
export const component = (i: number): string => 'xyzw'.charAt(i % 4);
