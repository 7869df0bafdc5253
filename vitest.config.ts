// How unit tests run: every *.test.ts beside the code, in Node, without a browser.

import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const browserSvelte = resolve(import.meta.dirname, 'node_modules/svelte/src/index-client.js');

export default defineConfig({
  // The page's state is tested as a browser runs it: Node would be given the half of Svelte that renders on a server.
  plugins: [svelte({ dynamicCompileOptions: () => ({ generate: 'client' }) })],
  resolve: { alias: [{ find: /^svelte$/, replacement: browserSvelte }] },
  test: {
    include: ['{src,workers,cli,endpoint,wasm,training,bench,scripts,fixtures}/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    // Homomorphic work on a shared two-core machine: a limit that only a hang reaches.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
