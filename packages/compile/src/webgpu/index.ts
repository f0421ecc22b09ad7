export { createWebgpuCompiler, webgpuCompiler } from './compiler';
export type { WebgpuCompilerOptions } from './compiler';
export type { ReplayReport } from './replay';
