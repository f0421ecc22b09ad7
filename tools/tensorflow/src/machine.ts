/** What decides which TensorFlow runs here. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Version of the C library, e.g. `2.36`; null where it is not glibc: macOS, Windows, Alpine. */
  readonly glibc: string | null;
}

interface ReportHeader {
  readonly glibcVersionRuntime?: string;
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const report = process.report.getReport() as unknown as { readonly header: ReportHeader };
  const glibc = report.header.glibcVersionRuntime ?? null;
  return { platform: process.platform, arch: process.arch, glibc };
}

/** Compares versions number by number: negative if `a` is older, 0 if they are equal, e.g. for `2.9` and `2.27`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => parseInt(part, 10)));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Words for a machine, e.g. `linux x64 with glibc 2.36`. */
export function describeMachine({ platform, arch, glibc }: Machine): string {
  return `${platform} ${arch}${glibc === null ? '' : ` with glibc ${glibc}`}`;
}
