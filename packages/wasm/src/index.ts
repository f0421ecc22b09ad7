export { assemble, f32, f32x4, f64, f64x2, i32, i32x4 } from './assembler';
export type { F32, F64, FunctionBuilder, I32, Kernel, Local, V128 } from './assembler';
