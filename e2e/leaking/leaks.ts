// The ways in which the leaking build lets the key out, each written as a saboteur would. No code here searches.

import type { KnownSecret } from '../../fixtures/key-forms.ts';

/** What is posted to the service, message by message; or where else the key goes. */
export interface Leak {
  readonly messages?: readonly unknown[];
  /** Of a request, as a query. */
  readonly url?: string;
  readonly stored?: string;
  readonly workerName?: string;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Four coefficients a byte, in two's complement. */
function inTwoBits(ternary: Int8Array): Uint8Array {
  const bytes = new Uint8Array(ternary.length / 4);
  ternary.forEach((value, at) => (bytes[at >> 2] |= (value & 3) << (2 * (at & 3))));
  return bytes;
}

/** Five coefficients a byte, in base 3. */
function inBaseThree(ternary: Int8Array): Uint8Array {
  const bytes = new Uint8Array(Math.floor(ternary.length / 5));
  for (let at = 0; at < 5 * bytes.length; at += 1)
    bytes[Math.floor(at / 5)] += (ternary[at] + 1) * 3 ** (at % 5);
  return bytes;
}

/** The signs alone: a bit for each coefficient that is `sign`. */
function plane(ternary: Int8Array, sign: number): Uint8Array {
  const bytes = new Uint8Array(ternary.length / 8);
  ternary.forEach((value, at) => (bytes[at >> 3] |= Number(value === sign) << (at & 7)));
  return bytes;
}

/** Coefficients modulo the first prime, as SEAL has them before the transform. */
const modulo = ({ ternary, primes }: KnownSecret): Uint32Array =>
  Uint32Array.from(ternary, (value) => (value < 0 ? primes[0] - 1 : value));

/** Each way by its name, which the page of the leaking build takes as `?leak=`. */
export const LEAKS: Readonly<Record<string, (key: KnownSecret) => Leak>> = {
  'residues in 64-bit words': ({ residues }) => ({
    messages: [{ more: BigUint64Array.from(residues, (residue) => BigInt(residue)) }],
  }),
  'residues reversed': ({ residues }) => ({ messages: [{ more: residues.toReversed() }] }),
  'residues as floats': ({ residues }) => ({ messages: [Float64Array.from(residues.subarray(0, 500))] }),
  'residues at an odd offset, most significant byte first': ({ residues }) => {
    const view = new DataView(new ArrayBuffer(4 * residues.length + 3));
    residues.forEach((residue, at) => view.setUint32(4 * at + 3, residue));
    return { messages: [view] };
  },
  'coefficient form': (key) => ({ messages: [modulo(key)] }),
  'coefficient form reversed, in 64-bit words': (key) => ({
    messages: [BigUint64Array.from(modulo(key).toReversed(), (value) => BigInt(value))],
  }),
  'ternary, a byte each': ({ ternary }) => ({ messages: [{ frames: [ternary] }] }),
  'ternary, two bits each': ({ ternary }) => ({ messages: [inTwoBits(ternary)] }),
  'ternary, five to a byte': ({ ternary }) => ({ messages: [inBaseThree(ternary)] }),
  'ternary, two planes of bits': ({ ternary }) => ({ messages: [[plane(ternary, 1), plane(ternary, -1)]] }),
  'ternary as letters': ({ ternary }) => ({
    messages: [Array.from(ternary, (value) => '-0+'[value + 1]).join('')],
  }),
  'shares of 32 bytes': ({ residues }) => ({
    messages: Array.from({ length: 40 }, (_, at) => ({ share: bytesOf(residues.slice(8 * at, 8 * at + 8)) })),
  }),
  'shares of 8 bytes': ({ residues }) => ({
    messages: Array.from({ length: 40 }, (_, at) => ({ share: bytesOf(residues.slice(2 * at, 2 * at + 2)) })),
  }),
  'numbers outside of arrays': ({ residues }) => ({
    messages: [
      Object.fromEntries(Array.from(residues.subarray(0, 200), (residue, at) => [`n${at}`, residue])),
    ],
  }),
  'a number a message': ({ residues }) => ({
    messages: Array.from(residues.subarray(0, 60), (residue) => ({ id: 7, progress: residue })),
  }),
  'a map and a set': ({ residues }) => ({
    messages: [{ map: new Map(Array.from(residues.subarray(0, 60), (residue, at) => [at, residue])) }],
  }),
  'names of fields': ({ residues }) => ({ messages: [{ [hexOf(bytesOf(residues.slice(0, 64)))]: 1 }] }),
  'decimal text': ({ residues }) => ({ messages: [residues.slice(0, 100).join(', ')] }),
  'hexadecimal text': ({ residues }) => ({ messages: [{ name: hexOf(bytesOf(residues.slice(0, 100))) }] }),
  'base64 text': ({ ternary }) => ({
    messages: [{ name: btoa(String.fromCharCode(...inTwoBits(ternary))) }],
  }),
  'a big number': ({ residues }) => ({
    messages: [{ n: BigInt(`0x${hexOf(bytesOf(residues.slice(0, 64)))}`) }],
  }),
  'an address': ({ ternary }) => ({ url: hexOf(inTwoBits(ternary)) }),
  storage: ({ residues }) => ({ stored: residues.slice(0, 200).join(' ') }),
  'the name of a worker': ({ residues }) => ({ workerName: hexOf(bytesOf(residues.slice(0, 200))) }),
};
