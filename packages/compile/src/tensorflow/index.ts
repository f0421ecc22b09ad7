export { tensorflowCompiler } from './compiler';
