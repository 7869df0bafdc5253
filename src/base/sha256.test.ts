// SHA-256 against the standard's own examples, and against Node's.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { sha256Hex, sha256Of } from './sha256.ts';

describe('sha256Hex', () => {
  // NIST, examples of FIPS 180-4, and the empty message.
  it.each([
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ])('of “%s”', (text, hash) => {
    expect(sha256Hex(new TextEncoder().encode(text))).toBe(hash);
  });

  it('is what Node says, for bytes that are a part of a buffer as well', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(40), (bytes, from) => {
        const part = bytes.subarray(Math.min(from, bytes.length));
        expect(sha256Hex(part)).toBe(createHash('sha256').update(part).digest('hex'));
      }),
    );
  });
});

describe('sha256Of', () => {
  it('is the same, with the platform’s own function and without it', async () => {
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 251).subarray(3);
    expect(await sha256Of(bytes)).toBe(sha256Hex(bytes));
    const subtle = vi.spyOn(crypto, 'subtle', 'get').mockReturnValue(undefined as never);
    expect(await sha256Of(bytes)).toBe(sha256Hex(bytes));
    subtle.mockRestore();
  });
});
