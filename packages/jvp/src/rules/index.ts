import { arithmeticRules } from './arithmetic';
import { backwardRules } from './backward';
import { elementwiseRules } from './elementwise';
import { fusedRules } from './fused';
import type { RuleTable } from './helpers';
import { normalizationRules } from './normalization';
import { productRules } from './products';
import { reductionRules } from './reductions';
import { shapeRules } from './shapes';
import { windowRules } from './windows';

/** The forward-mode rules that this package brings, by kernel name. */
export const builtinRules: RuleTable = {
  ...elementwiseRules,
  ...arithmeticRules,
  ...reductionRules,
  ...shapeRules,
  ...productRules,
  ...windowRules,
  ...normalizationRules,
  ...fusedRules,
  ...backwardRules,
};
