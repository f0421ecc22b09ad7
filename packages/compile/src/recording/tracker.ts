import * as tf from '@tensorflow/tfjs-core';
import { Place } from './place';
import { replaceMethods } from './replaceMethods';

/** Deep stack traces, so that a place outside of tfjs is in them. */
const STACK_DEPTH = 40;

type Engine = ReturnType<typeof tf.engine>;

type RunKernel = (
  name: string,
  inputs: tf.NamedTensorMap,
  attrs?: tf.NamedAttrMap,
) => tf.Tensor | tf.Tensor[];

/** What a function draws outside instead of freezing it. */
export const randomFix = 'Draw the numbers outside and pass them as arguments';

/** Knows which kernel of tfjs runs while a function is recorded, for messages that name operation and place. */
export class Tracker {
  /** The kernel of tfjs that runs now, or null. */
  kernel: string | null = null;

  /** @param name Of the function that is recorded. */
  constructor(private readonly name: string) {}

  place(): Place {
    return new Place(this.kernel);
  }

  /** An error that names the operation and the place. */
  refusal(what: string, fix?: string): Error {
    const place = this.place();
    const inside = place.kernel === null ? '' : ` in ${place.kernel}`;
    return new Error(
      `compile: ${this.name} cannot be recorded: ${what}${inside} ${place.toString()}.${fix === undefined ? '' : ` ${fix}.`}`,
    );
  }

  /** The error for a function that looks at numbers, which are other ones in every call. */
  readRefusal(): Error {
    return this.refusal(
      'it reads the data of a tensor, and what it does with the numbers would be the same in every later call',
      'Return the tensor and read it outside',
    );
  }

  /** Calls `f` while every kernel of tfjs is followed, and the making of variables refused. */
  follow<T>(f: () => T): T {
    const engine = tf.engine();
    const runKernel = engine.runKernel.bind(engine) as RunKernel;
    const setKernel = (name: string | null) => {
      this.kernel = name;
    };
    const currentKernel = () => this.kernel;
    // Named, so that places leave it out.
    function runTracked(...args: Parameters<RunKernel>): ReturnType<RunKernel> {
      const outer = currentKernel();
      setKernel(args[0]);
      try {
        return runKernel(...args);
      } finally {
        setKernel(outer);
      }
    }
    const restore = replaceMethods<Pick<Engine, 'runKernel' | 'makeVariable'>>(engine, {
      runKernel: runTracked as Engine['runKernel'],
      makeVariable: () => {
        throw this.refusal('it makes a variable', 'Make it before, outside of the function');
      },
    });
    const stackDepth = Error.stackTraceLimit;
    Error.stackTraceLimit = STACK_DEPTH;
    try {
      return f();
    } finally {
      Error.stackTraceLimit = stackDepth;
      restore();
    }
  }
}
