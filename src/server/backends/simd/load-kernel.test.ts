// Loading the kernel: compiled once, undefined where this engine does not take it, tried again after a fault.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as LoadKernel from './load-kernel.ts';
import { kernelBytes } from '../../../../fixtures/kernel-watch.ts';

/** The module anew: it remembers what it has compiled. */
async function fresh(): Promise<typeof LoadKernel> {
  vi.resetModules();
  return import('./load-kernel.ts');
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('loadKernel', () => {
  it('compiles once, however often it is asked', async () => {
    const { loadKernel } = await fresh();
    const [first, second] = await Promise.all([loadKernel(kernelBytes()), loadKernel(kernelBytes())]);
    expect(first).toBeInstanceOf(WebAssembly.Module);
    expect(second).toBe(first);
  });

  it('gives nothing where no file is named', async () => {
    const { loadKernel } = await fresh();
    expect(await loadKernel(undefined)).toBeUndefined();
    expect(await loadKernel(kernelBytes())).toBeInstanceOf(WebAssembly.Module);
  });

  it('gives nothing where the engine has no SIMD, and asks for no file', async () => {
    const { loadKernel } = await fresh();
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    const compile = vi.spyOn(WebAssembly, 'compile');
    expect(await loadKernel(kernelBytes())).toBeUndefined();
    expect(compile).not.toHaveBeenCalled();
  });

  it('says so when the kernel is damaged, where SEAL would have taken over unsaid, and tries again', async () => {
    const { loadKernel } = await fresh();
    const damaged = kernelBytes().subarray(0, 5000).slice();
    await expect(loadKernel(damaged)).rejects.toMatchObject({
      code: 'load-failed',
      detail: { reason: 'damaged' },
    });
    expect(await loadKernel(kernelBytes())).toBeInstanceOf(WebAssembly.Module);
  });
});
