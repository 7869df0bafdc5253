// How unit tests run: every *.test.ts beside the code, in Node, without a browser.

import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const browserSvelte = resolve(import.meta.dirname, 'node_modules/svelte/src/index-client.js');

export default defineConfig({
  // The page's state is tested as a browser runs it: Node would be given the half of Svelte that renders on a server.
  plugins: [svelte({ dynamicCompileOptions: () => ({ generate: 'client' }) })],
  resolve: {
    alias: [
      { find: /^svelte$/, replacement: browserSvelte },
      // Examples name the package as its users do.
      { find: /^sealed-qr\/(.*)$/, replacement: resolve(import.meta.dirname, 'src/face/$1.ts') },
    ],
  },
  test: {
    include: ['{src,workers,cli,endpoint,wasm,training,bench,scripts,fixtures,examples}/**/*.test.ts'],
    tags: [{ name: 'long', description: 'npm test has no time for it: npm run test:long' }],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    // No outcome depends on speed: limits that only a hang reaches, and the only ones.
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
