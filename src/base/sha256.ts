// SHA-256 as a plain function: crypto.subtle is asynchronous, and absent on pages that come over plain http.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** SHA-256 of `bytes` (FIPS 180-4), in lower-case hexadecimal. */
export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/**
 * {@link sha256Hex} by the platform where it has it, beside whatever else this thread does: for what is large, like keys.
 * @param bytes not to be changed meanwhile
 */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const { subtle } = globalThis.crypto as { subtle?: SubtleCrypto };
  if (!subtle || !(bytes.buffer instanceof ArrayBuffer)) return sha256Hex(bytes);
  return bytesToHex(new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)));
}
