/** 2 x, in a module of its own, so that a worker has something to bundle. */
export const twice = (x: number): number => 2 * x;
