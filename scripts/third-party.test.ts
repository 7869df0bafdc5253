// What the product holds of others: every package is found, and a licence that nobody has looked at is refused.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { root } from './gates.ts';
import { thirdParties, thirdPartyPage, unknownLicences } from './third-party.ts';

const packages = thirdParties(Object.keys(manifest.dependencies), root);

describe('third-party work', () => {
  it('is every dependency and what it needs, with licence, source and text', () => {
    const names = packages.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...Object.keys(manifest.dependencies), 'iobuffer']));
    for (const { name, licence, source } of packages) {
      expect(licence, name).not.toBe('none');
      expect(source, name).toMatch(/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+$/);
    }
  });

  it('stands in THIRD-PARTY.md, with what the LGPL and the typefaces ask for', () => {
    const page = readFileSync(resolve(root, 'THIRD-PARTY.md'), 'utf8');
    expect(page).toBe(thirdPartyPage(packages));
    expect(page).toMatch(/\*\*zbar-wasm\*\* \(LGPL[^#]*put another build of it in the place/);
    expect(page).toMatch(/GNU LESSER GENERAL PUBLIC LICENSE/);
    expect(page).toMatch(/SIL OPEN FONT LICENSE Version 1\.1/);
  });

  it('is refused under a licence that nobody has looked at', () => {
    expect(unknownLicences(packages)).toEqual([]);
    const [any] = packages;
    expect(unknownLicences([{ ...any, name: 'planted', licence: 'MIT AND SSPL-1.0' }])).toEqual([
      'planted: MIT AND SSPL-1.0',
    ]);
  });
});
