import { suggestion } from '../config/nearest';
import { backendNames } from '../config/schema';
import type { BackendName } from '../config/schema';
import { UserError } from '../userError';

/**
 * Reads `--backend`.
 *
 * @throws UserError if there is no such backend.
 */
export function backendChoice(name = 'auto'): BackendName | 'auto' {
  const choices = ['auto', ...backendNames] as const;
  const found = choices.find((choice) => choice === name);
  if (found !== undefined) return found;
  const hint = suggestion(name, choices);
  throw new UserError(
    `--backend must be one of ${choices.join(', ')}, got ${name}${hint === '' ? '.' : hint}`,
  );
}
