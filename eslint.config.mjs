// @ts-check
import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const tests = [
  '**/*.test.ts',
  '**/*.testdata.ts',
  '**/src/testing/**',
  '**/*.long.ts',
  'packages/*/bench/**/*.ts',
];

/**
 * What each layer may import, from the bottom up; the `layer:` tag of a project is in its package.json.
 * `flow` is @meanflow/core: the mathematics takes a network as a function, so neither knows the other.
 */
const layers = [
  { layer: 'base', below: ['base'] },
  { layer: 'math', below: ['base', 'math'] },
  { layer: 'model', below: ['base', 'math', 'model'], never: ['flow'] },
  { layer: 'data', below: ['base', 'data'] },
  { layer: 'eval', below: ['base', 'math', 'data'], never: ['flow'] },
  { layer: 'train', below: ['base', 'math', 'model', 'data', 'train'] },
  { layer: 'app', below: ['base', 'math', 'model', 'data', 'eval', 'train'] },
  { layer: 'testing', below: ['base'] },
  { layer: 'workspace', below: [] },
];

/**
 * The layer rule.
 *
 * @param {string[]} extra Layers that any file may import besides.
 * @returns {import('eslint').Linter.RuleEntry}
 */
function layerRule(extra = []) {
  const depConstraints = [
    ...layers.map(({ layer, below, never = [] }) => ({
      sourceTag: `layer:${layer}`,
      onlyDependOnLibsWithTags: [...below, ...extra].map((name) => `layer:${name}`),
      notDependOnLibsWithTags: never,
    })),
    // The primitives are below the flow mathematics, although both are mathematics.
    { sourceTag: 'primitives', notDependOnLibsWithTags: ['flow'] },
  ];
  return [
    'error',
    {
      depConstraints,
      // The tests of safetensors use the golden loader, which reads safetensors.
      ignoredCircularDependencies: [['@meanflow/testing', '@meanflow/safetensors']],
    },
  ];
}

const forbiddenSyntax = [
  { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' },
  { selector: 'ExportSpecifier[exported.name="default"]', message: 'Use a named export.' },
  { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' },
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/.readme-*/**',
      '**/golden/**',
      'runs/**',
      '.nx/**',
      '**/.native/**',
      '.bench/**',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off', // tfjs names a result's rank so: reshape<R>()
      eqeqeq: ['error', 'always', { null: 'ignore' }], // == null covers undefined
      'no-restricted-syntax': ['error', ...forbiddenSyntax],
    },
  },
  {
    files: ['packages/*/**/*.ts', 'apps/*/**/*.ts', 'tools/*/**/*.ts'],
    ignores: ['tools/consumer/**'], // a program of somebody else
    plugins: { '@nx': nx },
    rules: { '@nx/enforce-module-boundaries': layerRule() },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['packages/testing/**', ...tests],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Seeds are arguments: use @meanflow/random.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^@tensorflow/(?!tfjs-core$)',
              message: 'Only applications choose a backend: libraries import @tensorflow/tfjs-core.',
            },
            { group: ['vitest', 'fast-check'], message: 'Only tests import test tools.' },
          ],
        },
      ],
    },
  },
  {
    files: tests,
    rules: {
      '@nx/enforce-module-boundaries': layerRule(['testing']),
      '@typescript-eslint/no-non-null-assertion': 'off', // an undefined fails the test as well
    },
  },
  {
    files: ['**/*.mjs'], // tools: checked by tsc through JSDoc where tsconfig.json includes them
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
      },
    },
  },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } }, // tools read a default export
);
