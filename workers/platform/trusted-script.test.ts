// The policy that turns addresses into workers' scripts: the site's own alone, and none is needed where engines have no such types.
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The function in a realm of this origin; with Trusted Types, values have the mark of their policy. */
async function inPage(hasTypes: boolean): Promise<(address: string) => string> {
  vi.stubGlobal('origin', 'https://qr.example');
  vi.stubGlobal('location', { href: 'https://qr.example/lab.html' });
  const createPolicy = (
    name: string,
    { createScriptURL }: { createScriptURL(text: string): string },
  ): object => ({
    createScriptURL: (text: string) => `${name}: ${createScriptURL(text)}`,
  });
  vi.stubGlobal('trustedTypes', hasTypes ? { createPolicy } : undefined);
  return (await import('./trusted-script.ts')).trustedScript;
}

describe('a worker’s script', () => {
  it('is trusted from memory and from the site', async () => {
    const trusted = await inPage(true);
    const memory = 'blob:https://qr.example/4f0c';
    expect(trusted(memory)).toBe(`sealed-qr: ${memory}`);
    expect(trusted('/assets/worker.js')).toBe('sealed-qr: /assets/worker.js');
  });

  it.each(['https://evil.example/a.js', 'blob:https://evil.example/4f0c', 'data:text/javascript,1'])(
    'is not from %s',
    async (address) => {
      const trusted = await inPage(true);
      expect(() => trusted(address)).toThrow(TypeError);
    },
  );

  it('is its address where the engine has no Trusted Types', async () => {
    expect((await inPage(false))('https://anywhere.example/')).toBe('https://anywhere.example/');
  });
});
