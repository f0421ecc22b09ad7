export { attention, selfAttention } from './attention';
export { embeddingLookup } from './embeddingLookup';
export { gatedResidual } from './gatedResidual';
export { gelu } from './gelu';
export { geluLinear } from './geluLinear';
export { layerNorm, layerNormModulate } from './layerNorm';
export { linear } from './linear';
export { silu } from './silu';
