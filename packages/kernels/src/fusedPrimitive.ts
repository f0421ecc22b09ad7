import { fused } from '@meanflow/compile';
import { definePrimitive } from '@meanflow/jvp';
import type { PrimitiveDefinition, PrimitiveInputs } from '@meanflow/jvp';

/**
 * `definePrimitive` for operations without matrix products: where a compiled graph lets XLA do it, each of the three
 * functions becomes one loop.
 */
export function fusedPrimitive<I extends PrimitiveInputs, A extends object>(
  definition: PrimitiveDefinition<I, A>,
): ReturnType<typeof definePrimitive<I, A>> {
  return definePrimitive<I, A>({
    ...definition,
    forward: (inputs, attrs) => fused(() => definition.forward(inputs, attrs)),
    vjp: (call) => fused(() => definition.vjp(call)),
    jvp: (call) => fused(() => definition.jvp(call)),
  });
}
