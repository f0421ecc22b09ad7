export { philox4x32 } from './philox';
export type { Words2, Words4 } from './philox';
export { normals, permutation, uniforms } from './streams';
export type { StreamKey } from './streams';
