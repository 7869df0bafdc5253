// The kernels build to the very bytes of their manifest, and hold nothing but what they should.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { clientKernelBytes } from '../fixtures/client-kernel.ts';
import { kernelCode } from '../fixtures/seal-oracle.ts';
import { compileKernel, describeKernel } from './build.ts';

const builds = [
  ['kernel', kernelCode],
  ['client', clientKernelBytes],
] as const;

describe.each(builds)('the build of the %s', (name, code) => {
  it('is reproducible: sources, built file and manifest agree', async () => {
    const manifest: unknown = JSON.parse(await readFile(new URL('./manifest.json', import.meta.url), 'utf8'));
    expect(manifest).toContainEqual(describeKernel(name, await compileKernel(name)));
    expect(manifest).toContainEqual(describeKernel(name, await code()));
  });

  it('imports nothing: it can reach neither randomness nor the page', async () => {
    const module = await WebAssembly.compile(await code());
    expect(WebAssembly.Module.imports(module)).toEqual([]);
  });
});

describe('the server’s kernel', () => {
  const secrets = /keygen|secret|sample|random|crypt|ternary|noise/i;
  const exportsOf = async (code: Uint8Array<ArrayBuffer>): Promise<readonly string[]> =>
    WebAssembly.Module.exports(await WebAssembly.compile(code)).map(({ name }) => name);

  it('exports nothing that makes keys, samples or decrypts', async () => {
    const names = await exportsOf(await kernelCode());
    expect(names).toContain('switchKey');
    expect(names.filter((name) => secrets.test(name))).toEqual([]);
  });

  it('would be told from the client’s by that', async () => {
    const names = await exportsOf(clientKernelBytes());
    expect(names.filter((name) => secrets.test(name)).length).toBeGreaterThan(4);
  });
});
