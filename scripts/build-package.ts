// Builds what `npm pack` packs, into dist-lib/: JavaScript with declarations for Node, and one folder of files for browsers.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { type OutputOptions, type Plugin, rolldown } from 'rolldown';
import manifest from '../package.json' with { type: 'json' };
import { projectEnvironment, root } from './gates.ts';

const out = resolve(root, 'dist-lib');

/** Entries of the browser's folder: the public face, and every worker as `<name>-worker.js`. */
const FACES = ['index', 'engine', 'qr', 'client'];
const WORKERS = ['client', 'service', 'evaluator', 'compiler', 'simulator', 'scan'];

/** WebAssembly files beside the browser's scripts, and where they come from. */
const WASM = {
  'seal.wasm': 'node_modules/node-seal/dist/seal_throws.wasm',
  'zxing.wasm': 'node_modules/zxing-wasm/dist/reader/zxing_reader.wasm',
  'zbar.wasm': 'node_modules/@undecaf/zbar-wasm/dist/zbar.wasm',
  'kernel.wasm': 'wasm/build/kernel.wasm',
  'client.wasm': 'wasm/build/client.wasm',
};

const models = readdirSync(resolve(root, 'public/models')).filter((name) => name.endsWith('.onnx'));

/** Addresses relative to the script, in the one form that bundlers know. */
const address = (file: string): string => `new URL('./${file}', import.meta.url).href`;

/** What stands in the package in the place of the site's addresses, by the module that has these. */
const ADDRESSES: Readonly<Record<string, string>> = {
  'workers/platform/site-client-files.ts': `export const clientFiles = {
    seal: ${address('seal.wasm')},
    kernel: ${address('client.wasm')},
    zxing: ${address('zxing.wasm')},
    zbar: ${address('zbar.wasm')},
  };
  // Whose page it becomes part of, and whether that has a policy, is not known here.
  export const hasPolicy = false;
  export const clientScripts = { client: ${address('client-worker.js')}, scan: ${address('scan-worker.js')} };`,
  'workers/platform/site-service-files.ts': `export const serviceFiles = { kernel: ${address('kernel.wasm')} };
  export const serviceScripts = {
    service: ${address('service-worker.js')},
    evaluator: ${address('evaluator-worker.js')},
    compiler: ${address('compiler-worker.js')},
    simulator: ${address('simulator-worker.js')},
  };
  const models = {
    ${models.map((name) => `'models/${name}': ${address(`models/${name}`)}`).join(',\n    ')},
  };
  export const modelFile = (path) => models[path];`,
};

/** Puts the package's addresses in the place of the site's. */
const installed: Plugin = {
  name: 'sealed-qr:installed',
  load(id) {
    const found = Object.keys(ADDRESSES).find((path) => id === resolve(root, path));
    return found === undefined ? null : ADDRESSES[found];
  },
};

/** Bundles for browsers into one folder: flat, so that an address relative to any script is right. */
async function bundle(input: Record<string, string>, output: OutputOptions): Promise<void> {
  const built = await rolldown({
    cwd: root,
    platform: 'browser',
    input,
    resolve: { conditionNames: ['browser', 'import', 'default'] },
    plugins: [installed],
    // SEAL's loader asks for it in Node alone.
    external: ['module'],
    logLevel: 'warn',
  });
  await built.write({ dir: browserFolder, format: 'esm', entryFileNames: '[name].js', ...output });
  await built.close();
}

const browserFolder = resolve(out, 'browser');

/** The browser's scripts. Dependencies are inside. */
async function bundleForBrowsers(): Promise<void> {
  const faces = Object.fromEntries(FACES.map((name) => [name, `src/face/${name}.ts`]));
  await bundle(faces, { chunkFileNames: '[name]-[hash].js' });
  // One file for each worker: started from memory, it could not name another.
  for (const name of WORKERS)
    await bundle({ [`${name}-worker`]: `workers/${name}.ts` }, { codeSplitting: false });
  const dir = browserFolder;
  for (const [name, from] of Object.entries(WASM)) cpSync(resolve(root, from), resolve(dir, name));
  mkdirSync(resolve(dir, 'models'), { recursive: true });
  for (const name of models) cpSync(resolve(root, 'public/models', name), resolve(dir, 'models', name));
}

/** Files for Node, one for each source file, with declarations; and beside them the data that they read. */
function compileForNode(): void {
  const { status } = spawnSync('tsc', ['-p', 'tsconfig.package.json'], {
    cwd: root,
    env: projectEnvironment(),
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('tsc has found errors.');
  const generated = 'src/import/onnx';
  for (const name of ['onnx_pb.js', 'onnx_pb.d.ts', 'onnx-proto-license.md'])
    cpSync(resolve(root, generated, name), resolve(out, generated, name));
  for (const name of models)
    cpSync(resolve(root, 'public/models', name), resolve(out, 'public/models', name));
  for (const name of ['kernel.wasm', 'client.wasm'])
    cpSync(resolve(root, 'wasm/build', name), resolve(out, 'wasm/build', name));
  nameScripts();
}

/** The compiler renames what is imported, and not what `new URL(…, import.meta.url)` names: this does. */
function nameScripts(): void {
  const scripts = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );
  for (const name of scripts) {
    const path = resolve(out, name);
    const text = readFileSync(path, 'utf8');
    const renamed = text.replace(/(new URL\(\s*'[^']+)\.ts'(?=,\s*import\.meta\.url)/g, "$1.js'");
    if (renamed !== text) writeFileSync(path, renamed);
  }
}

/** The manifest that Node reads for files below dist-lib/: which platform they are for, and their version. */
function writeManifest(): void {
  const { name, version } = manifest;
  const imports = {
    '#platform/client': './workers/platform/node-client.js',
    '#platform/service': './workers/platform/node-local-service.js',
  };
  const path = resolve(out, 'package.json');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `${JSON.stringify({ name, version, private: true, type: 'module', imports }, null, 2)}\n`,
  );
}

rmSync(out, { recursive: true, force: true });
compileForNode();
writeManifest();
await bundleForBrowsers();
