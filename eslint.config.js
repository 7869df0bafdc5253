// What the linter asks: typed TypeScript rules, Svelte's own, and the habits of this project.

import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import ts from 'typescript-eslint';
import projectRules from './scripts/lint-rules.js';
import svelteConfig from './svelte.config.js';

const tests = ['**/*.test.ts', 'e2e/**'];
const kernels = ['wasm/{assembly,client}/**/*.ts'];
/** The way from a model file to a plan, and from a text to a picture: every engine must make the same of it. */
const exactRooms = [
  ...['base', 'params', 'kernel', 'qr', 'style', 'model', 'import', 'plan', 'compiler'],
  ...['protocol', 'seal', 'client', 'server', 'service'],
];
const offline = 'After the first load nothing is fetched; only the loaders of local assets may.';

export default defineConfig(
  {
    ignores: ['dist*/', 'wasm/build/', 'test-results/', 'playwright-report/', '.cache/', '**/*_pb.*'],
  },
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', '.*.js', 'bin/*.js', 'scripts/*.js'] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/require-await': 'off',
      // TypeScript reports these itself (noUnusedLocals, noUnusedParameters).
      '@typescript-eslint/no-unused-vars': 'off',
      'no-undef': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', 400],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'anywhere' }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts', '**/*.svelte.js'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "SvelteAttribute[key.name='style']",
          message: "The page's policy drops style attributes in markup: use a class or a style: directive.",
        },
      ],
      'svelte/no-at-html-tags': 'error',
    },
  },
  {
    files: ['src/**', 'workers/**'],
    ignores: [...tests, 'workers/platform/{node,installed}*'],
    rules: {
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*'],
              message: 'src/ runs in browsers: keep Node in workers/platform/, cli/ and scripts/.',
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'src/ runs in browsers.' },
        { name: 'Buffer', message: 'src/ runs in browsers: use Uint8Array.' },
        { name: 'XMLHttpRequest', message: offline },
        { name: 'WebSocket', message: offline },
        { name: 'EventSource', message: offline },
      ],
    },
  },
  {
    files: ['src/client/**', 'src/seal/**', 'src/protocol/**'],
    ignores: tests,
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'Math',
          property: 'random',
          message: 'Not random enough for keys or identifiers: use crypto.',
        },
      ],
    },
  },
  {
    // What the import rules and the search for the secret key's names (scripts/boundaries.test.ts) could not see.
    files: ['src/**', 'workers/**', 'cli/**', 'endpoint/**', 'bin/**'],
    ignores: tests,
    plugins: { 'sealed-qr': projectRules },
    rules: {
      'no-eval': 'error',
      'no-new-func': 'error',
      'sealed-qr/readable-imports': 'error',
      'sealed-qr/named-seal': 'error',
    },
  },
  {
    files: exactRooms.map((room) => `src/${room}/**`),
    ignores: tests,
    rules: { 'sealed-qr/exact-math': 'error' },
  },
  {
    files: tests,
    rules: {
      // Tests reach into wrong types on purpose.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.object.name=/^(it|test|describe)$/][callee.property.name='only']",
          message: 'A focused test hides all others.',
        },
        {
          selector:
            'CallExpression[callee.object.name=/^(it|test|describe)$/][callee.property.name=/^(skip|todo)$/]',
          message: 'No silently skipped test: use skipIf with a reason in the title.',
        },
        {
          selector: 'CallExpression[arguments.length=3] > :function.arguments ~ Literal',
          message: 'No outcome depends on speed: the one time limit stands in vitest.config.ts.',
        },
        {
          selector: "Property[key.name='timeout'] > Literal",
          message: 'No outcome depends on speed: the one time limit stands in playwright.config.ts.',
        },
        {
          selector: "CallExpression[callee.name='setTimeout'][arguments.1.value>0]",
          message:
            'A pause proves nothing on a machine of another speed: wait for a state, or stop the clock.',
        },
      ],
    },
  },
  { files: ['**/*.js'], extends: [ts.configs.disableTypeChecked] },
  {
    // AssemblyScript: its own compiler knows its types, and `==` is how it compares.
    files: kernels,
    extends: [ts.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
    plugins: { 'sealed-qr': projectRules },
    processor: 'sealed-qr/assemblyscript',
    rules: {
      eqeqeq: 'off',
      // Words of 64 bits, and variables whose first value gives their type.
      'no-loss-of-precision': 'off',
      'no-useless-assignment': 'off',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-ignore': { descriptionFormat: '^: decorator$' } }],
      '@typescript-eslint/no-unused-vars': 'error',
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
);
