export { createProgram, registerCompiler } from './program';
export type {
  CompiledFunction,
  Compiler,
  CompileOptions,
  CompilerProgram,
  Program,
  ProgramOptions,
} from './program';
export { compile } from './compile';
export { fused } from './fused';
export { computeAfter } from './order';
