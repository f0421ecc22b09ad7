/** Names of drivers that compute on the CPU. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|software/i;

/** What an adapter says of itself, where it does. */
export interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** A name for people, e.g. `NVIDIA GeForce RTX 4070` or `apple metal-3`. */
export function adapterName({
  description = '',
  device = '',
  vendor = '',
  architecture = '',
}: AdapterInfo): string {
  const short = [vendor, architecture].filter((part) => part !== '').join(' ');
  return [description, device, short].find((part) => part !== '') ?? 'GPU';
}

/** Whether it emulates a GPU on the CPU: that works, but WebAssembly is faster. */
export function isSoftwareAdapter(info: AdapterInfo): boolean {
  const { vendor, architecture, device, description } = info;
  return (
    info.isFallbackAdapter === true || SOFTWARE.test([vendor, architecture, device, description].join(' '))
  );
}
