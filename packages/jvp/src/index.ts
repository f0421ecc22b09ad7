export type { Tangents } from './containers';
export { jvp } from './jvp';
export type { JvpOptions, JvpResult } from './jvp';
export { definePrimitive } from './primitive';
export type { PrimitiveDefinition, PrimitiveInputs } from './primitive';
export { kernelsWithJvp, registerJvp } from './registry';
export type { JvpRule, KernelCall } from './rule';
export { stopGradient } from './trace';
