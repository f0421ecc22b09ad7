import type { CompiledFunction, Compiler, CompileOptions, CompilerProgram } from '../program';
import { traced } from '../recording/traces';
import { Arena } from './arena';
import { assertSameRecording } from './compare';
import { record } from './recorder';
import type { Recording } from './recording';
import { Replay } from './replay';
import type { ReplayReport } from './replay';
import { separateVariables } from './residents';
import { webgpuBackend } from './webgpuBackend';
import type { WebgpuBackend } from './webgpuBackend';

interface Compiled {
  readonly recording: Recording;
  readonly replay: Replay;
}

class WebgpuProgram implements CompilerProgram {
  private readonly backend: WebgpuBackend = webgpuBackend();
  private readonly arena = new Arena(this.backend);
  private readonly replays: Replay[] = [];

  constructor(private readonly onRecord: ((report: ReplayReport) => void) | undefined) {}

  compile<A extends readonly unknown[], R>(
    f: (...args: A) => R,
    { name, bfloat16 }: Required<CompileOptions>,
  ): CompiledFunction<A, R> {
    if (bfloat16)
      throw new RangeError(
        `compile: bfloat16 must be false on webgpu, which has no such numbers, got true for ${name}.`,
      );
    const recordOnce = (args: A) => {
      separateVariables(this.backend);
      return record(name, this.backend, f, args);
    };
    return traced<A, R, Compiled>(name, {
      record: (args) => {
        const recording = recordOnce(args);
        const replay = new Replay(name, this.backend, recording, this.arena);
        this.replays.push(replay);
        this.onRecord?.(replay.report);
        return { recording, replay };
      },
      variables: ({ replay }) => replay.usedVariables,
      confirm: ({ recording }, args) => {
        assertSameRecording(name, recording, recordOnce(args));
      },
      replay: ({ replay }, args) => replay.run(args) as R,
    });
  }

  dispose(): void {
    for (const replay of this.replays) replay.dispose();
    this.replays.length = 0;
    this.arena.dispose();
  }
}

/** Options of {@link createWebgpuCompiler}. */
export interface WebgpuCompilerOptions {
  /** Is told of every recording, e.g. to show what it costs. */
  onRecord?: (report: ReplayReport) => void;
}

/**
 * Records functions on tfjs's webgpu backend, in browsers and in Node.js through Dawn, and replays them as lists of
 * dispatches: pipelines, bind groups and memory are made once. The variables stay in their buffers.
 *
 * Where a function finds a tensor outside of its arguments whose numbers are on the device already, the second call has
 * to find the same tensor.
 */
export function createWebgpuCompiler({ onRecord }: WebgpuCompilerOptions = {}): Compiler {
  return { backend: 'webgpu', createProgram: () => new WebgpuProgram(onRecord) };
}

/** {@link createWebgpuCompiler} with its defaults. */
export const webgpuCompiler: Compiler = createWebgpuCompiler();
