/** What is looked at of a GPUAdapterInfo. */
export interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** Names of drivers that compute on the CPU. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|software/i;

/** Whether an adapter emulates a GPU on the CPU: that works, but wasm is faster. Not all of them say so. */
export function isSoftwareAdapter(info: AdapterInfo): boolean {
  const { vendor, architecture, device, description } = info; // by the prototype: no own properties
  return (
    info.isFallbackAdapter === true || SOFTWARE.test([vendor, architecture, device, description].join(' '))
  );
}
