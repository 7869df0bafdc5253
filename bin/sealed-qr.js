#!/usr/bin/env node
// Starts the command line under a Node that can load SEAL: this one if new enough, else the one pinned in package.json.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

// A checkout has the sources; an installed package has what was built of them, since Node strips no types there.
const sources = new URL('../cli/main.ts', import.meta.url);
const isCheckout = existsSync(sources);
const main = isCheckout ? sources : new URL('../dist-lib/cli/main.js', import.meta.url);
const major = Number(process.versions.node.split('.')[0]);

// Compiled code is kept beside the package, where whoever may change it may change the package too: a start then takes two
// thirds of the time. By the variable, so that threads and the pinned Node find it; where nothing can be written, nothing is.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../.cache/compiled', import.meta.url));
module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);

// Node 20 lacks the WebAssembly exception references of node-seal; early 22 does not run TypeScript files unasked.
if (major >= 22 && (!isCheckout || process.features.typescript)) {
  // eslint-disable-next-line sealed-qr/readable-imports -- the sources, or what they were built to
  await import(main.href);
} else {
  process.exitCode = await runUnderPinnedNode();
}

/**
 * Runs cli/main.ts under the `node` package's binary with this process's arguments and streams.
 * Resolves with its exit code, or 128 + the signal that ended it, as a shell would report it.
 * @returns {Promise<number>}
 */
async function runUnderPinnedNode() {
  let node;
  try {
    node = createRequire(import.meta.url).resolve('node/bin/node');
  } catch {
    const advice = isCheckout
      ? 'run "npm ci" to get one'
      : 'install one, or run "npx -p node@24 sealed-qr …"';
    console.error(`sealed-qr needs Node 22.18 or newer (this is ${process.versions.node}); ${advice}.`);
    return 1;
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : code));
  });
}
