import { readFileSync, writeFileSync } from 'node:fs';
import { convertInception } from '@meanflow/eval';

/** Options of the command. */
export interface ConvertOptions {
  /** The safetensors file. */
  out: string;
  /** Takes weights of another hash; what they give is no FID. */
  allowOtherWeights?: boolean;
}

/** Converts the public weights of the FID network to safetensors. */
export async function convert(
  file: string,
  { out, allowOtherWeights = false }: ConvertOptions,
): Promise<void> {
  writeFileSync(out, await convertInception(new Uint8Array(readFileSync(file)), { allowOtherWeights }));
}
