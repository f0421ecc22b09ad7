import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { isMissing } from '../backends/backend';
import { matmulRate } from '../backends/matmulRate';
import { tryBackend } from '../backends/startBackend';
import { backendNames } from '../config/schema';
import type { BackendName } from '../config/schema';
import { formatNumber } from '../output/progress';
import type { Terminal } from '../terminal';
import { programVersion } from '../version';

/** One backend, as `meanflow doctor --json` prints it. */
export interface BackendReport {
  readonly name: BackendName;
  readonly available: boolean;
  readonly version: string | null;
  readonly device: string | null;
  readonly threads: number | null;
  /** Whether it emulates a GPU on the CPU: `--backend auto` passes it over. */
  readonly software: boolean;
  /** Measured speed of multiplying float32 matrices. */
  readonly gflops: number | null;
  /** What is missing; null if it is available. */
  readonly missing: string | null;
  /** The one command that brings it; null if there is none or none is needed. */
  readonly fix: string | null;
}

/** What `meanflow doctor --json` prints. */
export interface DoctorReport {
  readonly meanflow: string;
  readonly node: { readonly version: string; readonly platform: string; readonly arch: string };
  readonly cpu: { readonly model: string; readonly cores: number };
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  readonly backends: readonly BackendReport[];
  /** What `--backend auto` takes. */
  readonly auto: BackendName | null;
}

async function examine(name: BackendName): Promise<BackendReport> {
  const result = await tryBackend(name, { realGpu: true });
  if (isMissing(result)) {
    const { missing, fix } = result;
    return {
      name,
      available: false,
      version: null,
      device: null,
      threads: null,
      software: false,
      gflops: null,
      missing,
      fix,
    };
  }
  try {
    const { version, device, threads, software } = result;
    const gflops = Number((await matmulRate()).toPrecision(3));
    return { name, available: true, version, device, threads, software, gflops, missing: null, fix: null };
  } finally {
    result.dispose();
  }
}

/** Looks at every backend, one after the other, and at the machine. */
async function examineAll(): Promise<DoctorReport> {
  const backends: BackendReport[] = [];
  for (const name of backendNames) backends.push(await examine(name));
  const best = backends.find(({ available, software }) => available && !software);
  return {
    meanflow: programVersion(),
    node: { version: process.version, platform: process.platform, arch: process.arch },
    cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism() },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    backends,
    auto: best?.name ?? null,
  };
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function backendLines({ name, version, device, software, gflops, missing, fix }: BackendReport): string[] {
  const label = name.padEnd(12);
  if (missing !== null) {
    return [
      `${label}absent: ${missing}`,
      ...(fix === null ? [] : [`${' '.repeat(12)}bring it with: ${fix}`]),
    ];
  }
  const emulated = software ? ', emulated: slower than wasm' : '';
  return [`${label}${version ?? ''}  ${device ?? ''}${emulated}, ${formatNumber(gflops ?? NaN)} GFLOP/s`];
}

function asText({ meanflow, node, cpu, memory, backends, auto }: DoctorReport): string {
  return [
    `meanflow ${meanflow}, Node.js ${node.version} on ${node.platform} ${node.arch}`,
    `${cpu.model}, ${cpu.cores} cores; memory ${gigabytes(memory.totalBytes)}, ${gigabytes(memory.freeBytes)} free`,
    '',
    ...backends.flatMap(backendLines),
    '',
    `--backend auto takes ${auto ?? 'none'}.`,
  ].join('\n');
}

/**
 * `meanflow doctor`.
 *
 * @returns The exit code.
 */
export async function doctor({ json = false }: { json?: boolean }, terminal: Terminal): Promise<number> {
  const report = await examineAll();
  terminal.out(json ? JSON.stringify(report, null, 2) : asText(report));
  return 0;
}
