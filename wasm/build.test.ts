// The kernel builds to the very bytes of its manifest, and holds nothing but what it should.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { compileKernel, describeKernel } from './build.ts';
import { kernelCode } from '../fixtures/seal-oracle.ts';

describe('the kernel build', () => {
  it('is reproducible: sources, built file and manifest agree', async () => {
    const manifest: unknown = JSON.parse(await readFile(new URL('./manifest.json', import.meta.url), 'utf8'));
    expect(describeKernel(await compileKernel())).toEqual(manifest);
    expect(describeKernel(await kernelCode())).toEqual(manifest);
  });

  it('imports nothing: it can reach neither randomness nor the page', async () => {
    const module = await WebAssembly.compile(await kernelCode());
    expect(WebAssembly.Module.imports(module)).toEqual([]);
  });

  it('exports nothing that makes keys, samples or decrypts', async () => {
    const module = await WebAssembly.compile(await kernelCode());
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    expect(names).toContain('switchKey');
    expect(names.filter((name) => /keygen|secret|sample|random|crypt/i.test(name))).toEqual([]);
  });
});
