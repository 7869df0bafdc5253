// The installed SEAL is the one that answers name.
import { expect, it } from 'vitest';
import { sealFile } from '../../workers/platform/node-client.ts';
import { sha256Hex } from '../base/sha256.ts';
import { SEAL_WASM_SHA256 } from './wasm-hash.ts';

it('the hash is that of the installed file', () => {
  expect(sha256Hex(sealFile())).toBe(SEAL_WASM_SHA256);
});
