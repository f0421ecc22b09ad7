/** Name of a step's checkpoint folder and sample picture, e.g. `step-00001000`. */
export function stepName(step: number): string {
  return `step-${String(step).padStart(8, '0')}`;
}
