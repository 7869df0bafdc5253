// How the page is built and served: Svelte, module workers, local WASM, and a strict content security policy.

import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { contentSecurityPolicy, headers } from './scripts/policy.ts';

const root = import.meta.dirname;

/** Puts the policy into the built page. The dev server's page goes without: hot reloading needs inline code. */
function policyTag(): Plugin {
  return {
    name: 'sealed-qr:policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** Builds for tests alone: their pages, and where modules lie that take the place of the product's. */
interface Variant {
  readonly pages: readonly string[];
  readonly namesakes?: string;
}

const PAGES = ['index', 'lab', 'bench', 'study'];
const SAME_BYTES = ['e2e/same-bytes/page'];
const VARIANTS: Readonly<Record<string, Variant>> = {
  // The build that the key canary must catch.
  leaking: { pages: PAGES, namesakes: 'e2e/leaking' },
  // The page of the determinism table, and its control.
  'same-bytes': { pages: SAME_BYTES },
  'same-bytes-rough': { pages: SAME_BYTES, namesakes: 'e2e/same-bytes/rough' },
};

/**
 * A module that has a namesake under `folder` (same path below the root) is replaced by it. A namesake may still import the
 * module it replaces.
 */
function namesakes(folder: string): Plugin {
  return {
    name: 'sealed-qr:namesakes',
    enforce: 'pre',
    async resolveId(source, importer, options) {
      if (importer === undefined || importer.startsWith(resolve(root, folder))) return null;
      const found = await this.resolve(source, importer, { ...options, skipSelf: true });
      if (found === null || found.external !== false) return null;
      const path = relative(root, found.id);
      if (path.startsWith('..') || path.startsWith('node_modules')) return null;
      const namesake = resolve(root, folder, path);
      return existsSync(namesake) ? namesake : null;
    },
  };
}

/** Where the built page is served; another port may be asked for when 4173 is taken. */
const port = Number(process.env['SEALED_QR_PORT'] ?? 4173);

export default defineConfig(({ mode }) => {
  const variant = VARIANTS[mode] as Variant | undefined;
  const { pages, namesakes: folder } = variant ?? { pages: PAGES };
  const replacing = (): Plugin[] => (folder === undefined ? [] : [namesakes(folder)]);
  return {
    // No single-page fallback: a missing file is a 404 and not index.html under its name.
    appType: 'mpa',
    plugins: [svelte(), policyTag(), ...replacing()],
    worker: {
      format: 'es',
      plugins: replacing,
      // One file for each worker: started from memory, it could not name another.
      rolldownOptions: { output: { codeSplitting: false } },
    },
    build: {
      // Safari runs SEAL's WebAssembly but not yet `using`, which this target lowers.
      target: 'es2024',
      // Lowered, light-dark() would be decided at the root; the server's panel is dark in either theme.
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      outDir: variant ? `dist-${mode}` : 'dist',
      // A data: URL would need connect-src data: to be fetched; every asset stays a file.
      assetsInlineLimit: 0,
      rolldownOptions: {
        input: Object.fromEntries(pages.map((page) => [page, resolve(root, `${page}.html`)])),
      },
      reportCompressedSize: false,
    },
    // Pre-bundling would part these packages from the .wasm files they find beside themselves.
    optimizeDeps: { exclude: ['node-seal', 'zxing-wasm', '@undecaf/zbar-wasm'] },
    // The workers take theirs from the page; these say what a page cannot say of itself.
    preview: { port, strictPort: true, headers },
  };
});
