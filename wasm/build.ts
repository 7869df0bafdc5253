// Builds the kernel: `npm run build:wasm`. Reproducible; the SHA-256 must be the manifest's, `--write` renews it.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as asc from 'assemblyscript/asc';

// Not -O3: engines optimise well themselves but keep the order of instructions, and Binaryen's higher levels sink each
// product to its only use, which undoes the interleaving that keeps the multipliers busy (2% over all, measured).
const OPTIONS = ['--runtime', 'stub', '--enable', 'simd', '--initialMemory', '1', '-O1', '--noAssert'];

/** Compiles assembly/index.ts and returns the module's bytes; throws when they do not compile. */
export async function compileKernel(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error } = await asc.main(
    [
      'assembly/index.ts',
      '--baseDir',
      fileURLToPath(new URL('.', import.meta.url)),
      '--outFile',
      'kernel.wasm',
      ...OPTIONS,
    ],
    {
      stderr: process.stderr,
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents;
      },
    },
  );
  if (error !== null || binary === undefined)
    throw new Error('The kernel does not compile (its diagnostics are above).', { cause: error });
  return binary;
}

/** The manifest's entry for these bytes. */
export function describeKernel(bytes: Uint8Array): { file: string; bytes: number; sha256: string } {
  return {
    file: 'build/kernel.wasm',
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

async function main(): Promise<void> {
  const bytes = await compileKernel();
  const described = describeKernel(bytes);
  const manifest = new URL('./manifest.json', import.meta.url);
  if (process.argv.includes('--write')) {
    await writeFile(manifest, `${JSON.stringify(described, null, 2)}\n`);
  } else {
    const { sha256 } = JSON.parse(await readFile(manifest, 'utf8')) as { sha256: string };
    if (sha256 !== described.sha256) {
      throw new Error(
        `The kernel's SHA-256 is ${described.sha256}, not the manifest's. Renew it with --write if meant.`,
      );
    }
  }
  await mkdir(new URL('./build/', import.meta.url), { recursive: true });
  await writeFile(new URL('./build/kernel.wasm', import.meta.url), bytes);
  console.log(`wasm/build/kernel.wasm: ${described.bytes} bytes, sha256 ${described.sha256}`);
}

if (import.meta.main) await main();
