import * as tf from '@tensorflow/tfjs-core';
import { releaseAfter } from './release';
import type { JvpRule } from './rule';
import { collectClones, isDifferentiated, pushForward, shareSaved, withoutTracing } from './trace';
import type { SavedClone } from './trace';

/** Named tensors: the inputs of a primitive. */
export type PrimitiveInputs = Readonly<Record<string, tf.Tensor>>;

/** What a primitive computes and both of its derivatives. All tensors given to its functions are borrowed. */
export interface PrimitiveDefinition<I extends PrimitiveInputs, A extends object> {
  /** Name for error messages and profiles. */
  name: string;
  /** The value. Its operations are neither recorded on the reverse tape nor differentiated forward. */
  forward(inputs: I, attrs: A): tf.Tensor;
  /** Reverse mode: J^T dy for each input; an input left out has gradient zero. */
  vjp(call: { inputs: I; output: tf.Tensor; dy: tf.Tensor; attrs: A }): { [K in keyof I]?: tf.Tensor };
  /** Forward mode: J d, where a missing tangent is zero; null if the result is zero. */
  jvp(call: { inputs: I; tangents: Partial<I>; output: tf.Tensor; attrs: A }): tf.Tensor | null;
  /** Whether `vjp` reads `output`, which is then saved for it. Default true. */
  needsOutput?: boolean;
}

/**
 * Makes an operation with its own forward, reverse and forward-mode derivative, as if it were a kernel of tfjs.
 *
 * `vjp` and `jvp` are written with differentiable operations, so that derivatives of any order and mix follow. One
 * mix is limited by tfjs: a gradient of a gradient does not see a saved output (it fails for tf.exp too), so set
 * `needsOutput: false` where that matters, or take `jvp` of the gradient.
 *
 * @returns The operation: borrows its inputs, returns a tensor that the caller owns.
 */
export function definePrimitive<I extends PrimitiveInputs, A extends object>(
  definition: PrimitiveDefinition<I, A>,
): (inputs: I, attrs: A) => tf.Tensor {
  const needsOutput = definition.needsOutput ?? true;
  return (inputs, attrs) => {
    if (!isDifferentiated()) {
      // The same without what a derivative would need, most of what JavaScript takes for a small operation.
      return tf.tidy(() => notAnInput(definition.forward(inputs, attrs), Object.values(inputs)));
    }
    const names = Object.keys(inputs);
    const clones: SavedClone[] = [];
    const operation = tf.customGrad((...args) => {
      const save = args.pop() as unknown as (tensors: tf.Tensor[]) => void;
      const tensors = args as tf.Tensor[];
      const value = withoutTracing(() => notAnInput(definition.forward(inputs, attrs), tensors));
      collectClones(clones, () => {
        save(needsOutput ? [...tensors, value] : tensors);
      });
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const savedInputs = Object.fromEntries(names.map((name, i) => [name, saved[i]])) as unknown as I;
        const output = saved[names.length] ?? value; // not read when it was not saved
        const pullBack = () => {
          const gradients = definition.vjp({ inputs: savedInputs, output, dy, attrs });
          return names.map((name, i) => gradients[name] ?? tf.zeros((saved[i] ?? dy).shape));
        };
        return releaseAfter(dy, saved, () => tf.tidy(pullBack));
      };
      return { value, gradFunc };
    });
    const output = operation(...Object.values(inputs));
    const rule: JvpRule = ({ tangents }) =>
      definition.jvp({ inputs, tangents: tangents as Partial<I>, output, attrs });
    pushForward(definition.name, inputs, {}, [output], rule);
    shareSaved(clones);
    return output;
  };
}

/** The tape tells an operation's output from its inputs by identity. */
function notAnInput(output: tf.Tensor, inputs: readonly tf.Tensor[]): tf.Tensor {
  return inputs.includes(output) ? tf.clone(output) : output;
}
