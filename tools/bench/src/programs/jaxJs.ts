import type { Absent } from '../child';
import type { StepProgram } from '../stepProgram';
export function startJaxJs(): Promise<StepProgram | Absent> {
  return Promise.resolve({ absent: 'todo' });
}
