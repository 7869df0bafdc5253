// What Vite is told of the package: nothing for a build, and one line for its development server.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  build: { target: 'es2024' },
  worker: { format: 'es' },
  // Bundled ahead, it may be parted from its workers and WebAssembly files: Vite 8 keeps them together, others may not.
  optimizeDeps: { exclude: ['sealed-qr'] },
});
