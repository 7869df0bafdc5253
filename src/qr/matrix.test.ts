// Tests of the encoder: capacities and function modules against the standard, texts against two readers.
import fc from 'fast-check';
import { create } from 'qrcode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTestScanners } from '../../fixtures/scanners.ts';
import { SealedError } from '../base/errors.ts';
import { bitCapacity, byteCapacity, ERROR_CORRECTION_LEVELS } from './capacity.ts';
import { alignmentCentres, functionModules } from './geometry.ts';
import { encodeQr } from './matrix.ts';
import type { QrOptions } from './matrix.ts';
import { drawPlain } from '../../fixtures/plain-code.ts';
import type { Scanners } from './scan.ts';

const VERSIONS = Array.from({ length: 40 }, (_, index) => index + 1);

let scanners: Scanners;
beforeAll(async () => {
  scanners = await loadTestScanners();
});
afterAll(() => {
  scanners.dispose();
});

function failure(text: string, options: QrOptions = {}): SealedError {
  try {
    encodeQr(text, options);
  } catch (error) {
    if (error instanceof SealedError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('capacity', () => {
  it('equals the byte mode columns of ISO/IEC 18004:2015, table 7', () => {
    const golden: readonly (readonly [number, readonly number[]])[] = [
      [1, [17, 14, 11, 7]],
      [2, [32, 26, 20, 14]],
      [7, [154, 122, 86, 64]],
      [9, [230, 180, 130, 98]],
      [10, [271, 213, 151, 119]],
      [26, [1367, 1059, 751, 593]],
      [27, [1465, 1125, 805, 625]],
      [40, [2953, 2331, 1663, 1273]],
    ];
    for (const [version, counts] of golden) {
      expect(ERROR_CORRECTION_LEVELS.map((ecc) => byteCapacity(version, ecc, false))).toEqual(counts);
    }
  });

  it('is exact for every version and level: full fits, one byte more does not', () => {
    for (const version of VERSIONS) {
      for (const ecc of ERROR_CORRECTION_LEVELS) {
        for (const filler of ['x', 'é']) {
          const eci = filler === 'é';
          const room = byteCapacity(version, ecc, eci);
          // é takes two bytes, so an x fills up odd numbers.
          const full = filler.repeat(Math.floor(room / (eci ? 2 : 1))) + (eci && room % 2 === 1 ? 'x' : '');
          const code = encodeQr(full, { ecc, version, mask: 0 });
          expect(code.payloadBytes).toBe(room);
          expect(failure(`${full}x`, { ecc, version, mask: 0 }).code).toBe('payload-too-long');
          expect(encodeQr(full, { ecc, mask: 0 }).version).toBe(version);
        }
      }
    }
  });

  it('packs digits tighter than bytes, and never looser', () => {
    expect(encodeQr('1'.repeat(7089), { ecc: 'L' }).version).toBe(40);
    expect(failure('1'.repeat(7090), { ecc: 'L' }).code).toBe('payload-too-long');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aA1 :.'), minLength: 1, maxLength: 300 }), (text) => {
        expect(encodeQr(text, { ecc: 'Q' }).version).toBeLessThanOrEqual(
          VERSIONS.find((version) => text.length <= byteCapacity(version, 'Q', false))!,
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('function modules', () => {
  it('are where the encoder reserves them, in every version', () => {
    for (const version of VERSIONS) {
      const { reservedBit } = create('1', { version, errorCorrectionLevel: 'L', maskPattern: 0 }).modules;
      expect(functionModules(version)).toEqual(Uint8Array.from(reservedBit));
    }
  });

  it('have the alignment centres of annex E', () => {
    expect(alignmentCentres(1)).toEqual([]);
    expect(alignmentCentres(2)).toEqual([6, 18]);
    expect(alignmentCentres(7)).toEqual([6, 22, 38]);
    expect(alignmentCentres(32)).toEqual([6, 34, 60, 86, 112, 138]);
    expect(alignmentCentres(40)).toEqual([6, 30, 58, 86, 114, 142, 170]);
  });
});

describe('encodeQr', () => {
  it('fills in the contract', () => {
    const code = encodeQr('héllo', { ecc: 'H', version: 3, mask: 5 });
    expect(code).toMatchObject({ version: 3, ecc: 'H', mask: 5, modules: 29, payloadBytes: 6 });
    expect(code.dark).toHaveLength(29 * 29);
    expect(code.functionModules).toHaveLength(29 * 29);
    expect(new Set(code.dark)).toEqual(new Set([0, 1]));
    expect(encodeQr('x').ecc).toBe('M');
  });

  it('says how many bytes fit at which level, and nothing of the text', () => {
    const error = failure(`secret${'é'.repeat(2000)}`, { ecc: 'H' });
    expect(error.code).toBe('payload-too-long');
    expect(error.message).toBe(
      'The text has 4006 bytes. A QR code holds 2952 at level L, 2330 at level M, 1662 at level Q, 1272 at ' +
        'level H. Please shorten the text.',
    );
    expect(error.detail).toEqual({ bytes: 4006, ecc: 'H', L: 2952, M: 2330, Q: 1662, H: 1272 });
    expect(failure('x'.repeat(1500), { ecc: 'H' }).message).toContain('choose a lower level or shorten');
    expect(failure('x'.repeat(18), { ecc: 'L', version: 1 }).message).toContain('choose a higher version');
  });

  it('counts in the mode that the text has, and names a lower level that holds it', () => {
    const letters = failure('A'.repeat(4000), { ecc: 'M' });
    expect(letters.code).toBe('payload-too-long');
    expect(letters.message).toBe(
      'The text has 4000 characters. A QR code holds 4296 at level L, 3391 at level M, 2420 at level Q, 1852 at ' +
        'level H. Please choose a lower level or shorten the text. Level L holds it.',
    );
    expect(letters.detail).toEqual({ characters: 4000, ecc: 'M', L: 4296, M: 3391, Q: 2420, H: 1852 });
    expect(encodeQr('A'.repeat(4000), { ecc: 'L' })).toMatchObject({ version: 39, modes: ['alphanumeric'] });
    const digits = failure('7'.repeat(5597), { ecc: 'M' });
    expect(digits.message).toBe(
      'The text has 5597 digits. A QR code holds 7089 at level L, 5596 at level M, 3993 at level Q, 3057 at ' +
        'level H. Please choose a lower level or shorten the text. Level L holds it.',
    );
    expect(failure('A'.repeat(4297), { ecc: 'L' }).message).toMatch(/Please shorten the text\.$/);
    expect(failure('x'.repeat(1500), { ecc: 'H' }).message).toMatch(/Level Q holds it\.$/);
    // 1000 bytes and 4000 digits take (8·1000 + 16 + 4) + (4000·10/3, rounded up, + 14 + 4) bits.
    const mixed = failure('a'.repeat(1000) + '7'.repeat(4000), { ecc: 'M' });
    expect(mixed.message).toBe(
      `The text takes ${Math.ceil((8020 + 13334 + 18) / 8)} bytes of a code, in several modes. A QR code holds ` +
        '2956 at level L, 2334 at level M, 1666 at level Q, 1276 at level H. Please choose a lower level or ' +
        'shorten the text. Level L holds it.',
    );
    expect(encodeQr('a'.repeat(1000) + '7'.repeat(4000), { ecc: 'L' }).modes).toEqual(['byte', 'numeric']);
    const small = failure('A'.repeat(30), { ecc: 'H', version: 1 });
    expect(small.message).toContain('The text has 30 characters. Version 1 holds 25 at level L');
  });

  it('offers a level exactly where it holds the text', () => {
    const text = fc
      .array(fc.tuple(fc.constantFrom('7', 'A', 'a', 'é'), fc.integer({ min: 1, max: 3000 })), {
        minLength: 1,
        maxLength: 4,
      })
      .map((runs) => runs.map(([character, count]) => character.repeat(count)).join(''));
    let offers = 0;
    fc.assert(
      fc.property(text, (payload) => {
        const refusals = ERROR_CORRECTION_LEVELS.map((ecc) => {
          try {
            encodeQr(payload, { ecc, mask: 0 });
            return null;
          } catch (error) {
            return error as SealedError;
          }
        });
        const strongest = ERROR_CORRECTION_LEVELS.findLast((_, i) => refusals[i] === null);
        for (const error of refusals) {
          if (!error) continue;
          expect(error.code).toBe('payload-too-long');
          expect(/Level (.) holds it/.exec(error.message)?.[1]).toBe(strongest);
          if (strongest) offers++;
        }
      }),
      { numRuns: 60, seed: 11 },
    );
    expect(offers).toBeGreaterThan(5);
  });

  it('says which modes its segments have, and how full it is', () => {
    expect(encodeQr('0123456789').modes).toEqual(['numeric']);
    expect(encodeQr('HTTPS://EXAMPLE.ORG').modes).toEqual(['alphanumeric']);
    expect(encodeQr('https://example.org').modes).toEqual(['byte']);
    expect(encodeQr('é').modes).toEqual(['eci', 'byte']);
    expect(encodeQr(`abcdef${'7'.repeat(30)}ABCDEFGHIJKLMNOP`).modes).toEqual([
      'byte',
      'numeric',
      'alphanumeric',
    ]);
    expect(encodeQr('01234567', { version: 1 }).dataBits).toBe(4 + 10 + 27);
    expect(encodeQr('é', { version: 1 }).dataBits).toBe(12 + 4 + 8 + 16);
    for (const ecc of ERROR_CORRECTION_LEVELS) {
      const full = encodeQr('x'.repeat(byteCapacity(40, ecc, false)), { ecc, mask: 0 });
      expect(bitCapacity(40, ecc) - full.dataBits).toBeLessThan(8);
      expect(full.dataBits).toBeLessThanOrEqual(bitCapacity(40, ecc));
    }
  });

  it('refuses empty and ill-formed text and options out of range', () => {
    expect(failure('').message).toContain('no text');
    expect(failure('a\ud83d').message).toContain('surrogate');
    expect(failure('a', { version: 41 }).message).toContain('1 to 40');
    expect(failure('a', { version: 1.5 }).message).toContain('1 to 40');
    expect(failure('a', { mask: 8 }).message).toContain('0 to 7');
    expect(failure('a', { ecc: 'X' as 'L' }).message).toContain('L, M, Q and H');
  });

  it('makes every version and every mask readable by both readers', async () => {
    for (const version of VERSIONS) {
      const ecc = ERROR_CORRECTION_LEVELS[version % 4];
      const text = `№ ${version} `.repeat(Math.max(1, Math.floor(byteCapacity(version, ecc, true) / 9)));
      const raster = drawPlain(encodeQr(text, { version, ecc, mask: version % 8 }), 5, 20);
      expect(await scanners.zxing(raster), `version ${version}, zxing`).toBe(text);
      expect(await scanners.zbar(raster), `version ${version}, zbar`).toBe(text);
    }
  });

  it('carries any Unicode text to both readers exactly', async () => {
    const awkward = [
      '\0',
      '\ufeffmark',
      'é\0é',
      'Привет, мир',
      'Ωμέγα 1234567890123 Ω',
      '漢',
      '👩‍💻🇩🇪',
      'ﾃ｢',
      '"\\;,:',
    ];
    const text = fc.oneof(
      fc.constantFrom(...awkward),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
      fc.string({ unit: fc.constantFrom(...'aA1ßéΩЖ日한😀 :'), minLength: 1, maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(...ERROR_CORRECTION_LEVELS), async (payload, ecc) => {
        fc.pre(payload.isWellFormed());
        const raster = drawPlain(encodeQr(payload, { ecc }), 5, 20);
        expect(await scanners.zxing(raster)).toBe(payload);
        expect(await scanners.zbar(raster)).toBe(payload);
      }),
      { numRuns: 150, examples: awkward.map((payload): [string, 'L'] => [payload, 'L']) },
    );
  });
});
