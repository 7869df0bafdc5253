// Sizes of BFV's primes, against the security table and SEAL's own.
import { describe, expect, it } from 'vitest';
import { maxLogQP } from '../params/security.ts';
import { loadSeal } from '../seal/load.ts';
import { primeBits } from './bfv-context.ts';

describe('primeBits', () => {
  it.each([2048, 4096, 8192, 16384, 32768])(
    'keeps to the stricter table at m = %i, as CKKS does',
    async (m) => {
      const seal = await loadSeal();
      const total = (sec: number): number => primeBits(seal, m, sec).reduce((sum, bits) => sum + bits, 0);
      expect(total(128)).toBe(maxLogQP(m));
      // SEAL's own defaults do not: without our rule this would be one of them.
      using own = seal.CoeffModulus.BFVDefault(m, seal.SecLevelType.tc128);
      const ownBits = Array.from({ length: own.size() }, (_, i) => own.get(i)!.bitCount());
      expect(ownBits.reduce((sum, bits) => sum + bits, 0)).toBeGreaterThan(maxLogQP(m)!);
      expect(total(192)).toBeLessThan(total(128));
    },
  );
});
