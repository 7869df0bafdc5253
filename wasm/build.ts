// Builds the kernels: `npm run build:wasm`. Reproducible; each SHA-256 must be the manifest's, `--write` renews them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as asc from 'assemblyscript/asc';
import { blakeSource } from './blake-source.ts';

// Not -O3: engines optimise well themselves but keep the order of instructions, and Binaryen's higher levels sink each
// product to its only use, which undoes the interleaving that keeps the multipliers busy (2% over all, measured).
const OPTIONS = ['--runtime', 'stub', '--enable', 'simd', '--initialMemory', '1', '-O1', '--noAssert'];

/** The server's kernel, which can only evaluate, and the client's, which has the secret key: file name → entry. */
const ENTRIES = { kernel: 'assembly/index.ts', client: 'client/index.ts' } as const;

/** The name of a kernel's file, without its ending. */
export type KernelName = keyof typeof ENTRIES;

/** Of a compiled kernel, as the manifest holds it. */
interface KernelFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A source file's text: one is written by a program. */
function sourceOf(name: string, baseDir: string): string | null {
  if (name.endsWith('assembly/blake2b-rounds.ts')) return blakeSource();
  try {
    return readFileSync(resolve(baseDir, name), 'utf8');
  } catch {
    return null;
  }
}

/**
 * Compiles a kernel and returns the module's bytes; throws when it does not compile.
 * @param change may give another text for a source file: for tests that plant a mistake
 */
export async function compileKernel(
  name: KernelName,
  change: (file: string, text: string) => string = (_, text) => text,
): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error } = await asc.main(
    [
      ENTRIES[name],
      '--baseDir',
      fileURLToPath(new URL('.', import.meta.url)),
      '--outFile',
      `${name}.wasm`,
      ...OPTIONS,
    ],
    {
      stderr: process.stderr,
      readFile: (file, baseDir) => {
        const text = sourceOf(file, baseDir);
        return text === null ? null : change(file, text);
      },
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = Uint8Array.from(contents);
      },
    },
  );
  if (error !== null || binary === undefined)
    throw new Error('The kernel does not compile (its diagnostics are above).', { cause: error });
  return binary;
}

/** The manifest's entry for these bytes. */
export function describeKernel(name: KernelName, bytes: Uint8Array): KernelFile {
  return {
    file: `build/${name}.wasm`,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

async function main(): Promise<void> {
  const manifest = new URL('./manifest.json', import.meta.url);
  const built = await Promise.all(
    (Object.keys(ENTRIES) as KernelName[]).map(async (name) => {
      const bytes = await compileKernel(name);
      return { bytes, described: describeKernel(name, bytes) };
    }),
  );
  const described = built.map((one) => one.described);
  if (process.argv.includes('--write')) {
    await writeFile(manifest, `${JSON.stringify(described, null, 2)}\n`);
  } else {
    const known = JSON.parse(await readFile(manifest, 'utf8')) as readonly KernelFile[];
    for (const { file, sha256 } of described) {
      const expected = known.find((one) => one.file === file)?.sha256;
      if (expected !== sha256) {
        throw new Error(
          `The SHA-256 of ${file} is ${sha256}, not the manifest's ${expected}. Renew it with --write if meant.`,
        );
      }
    }
  }
  await mkdir(new URL('./build/', import.meta.url), { recursive: true });
  for (const { bytes, described: one } of built) {
    await writeFile(new URL(`./${one.file}`, import.meta.url), bytes);
    console.log(`wasm/${one.file}: ${one.bytes} bytes, sha256 ${one.sha256}`);
  }
}

if (import.meta.main) await main();
