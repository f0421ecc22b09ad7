export { decodeSafetensors } from './decodeSafetensors';
export type { SafetensorsFile } from './decodeSafetensors';
export type { SafetensorsArrays, SafetensorsDtype, SafeTensor } from './dtypes';
export { encodeSafetensors } from './encodeSafetensors';
export { halfTable } from './halves';
export { toFloat16 } from './toFloat16';
export { toFloat32 } from './toFloat32';
