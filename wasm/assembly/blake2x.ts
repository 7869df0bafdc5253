// SEAL's generator (SEAL 4.1, native/src/seal/randomgen.cpp): a 64-byte seed to a stream of buffers of 4096 bytes,
// B_k = BLAKE2Xb(length 4096, key = the seed, message = k). Any buffer can be had alone.
//
// BLAKE2Xb ("BLAKE2X", Aumasson et al. 2016, section 2): a BLAKE2b root of key and message, then one unkeyed BLAKE2b of
// the root for each 64 bytes of output. Their messages are one; their states differ in the number of the output alone.
import { begin, compress, compress3, schedule } from './blake2b-rounds';

/** Bytes of one of the generator's buffers. */
export const BUFFER_BYTES: u32 = 4096;
/** Outputs of 64 bytes in a buffer. */
const OUTPUTS: u32 = BUFFER_BYTES / 64;

// BLAKE2b's initial words (RFC 7693, section 2.6).
const IV0: u64 = 0x6a09e667f3bcc908;
const IV1: u64 = 0xbb67ae8584caa73b;
const IV2: u64 = 0x3c6ef372fe94f82b;
const IV3: u64 = 0xa54ff53a5f1d36f1;
const IV4: u64 = 0x510e527fade682d1;
const IV5: u64 = 0x9b05688c2b3e6c1f;
const IV6: u64 = 0x1f83d9abfb41bd6b;
const IV7: u64 = 0x5be0cd19137e2179;

// Parameter block, as words 0 and 2 (BLAKE2X, section 2): digest 64, key 64, fanout 1, depth 1 for the root; digest 64,
// inner length 64 for outputs. Word 1 of both: the output's number, and the length of all output above it.
const ROOT0: u64 = 0x01014040;
const OUTPUT0: u64 = (<u64>64 << 32) | 64;
const OUTPUT2: u64 = 64 << 8;
const LENGTH: u64 = <u64>BUFFER_BYTES << 32;

// The state, after the key and after the message; the words below it, which hold the count of bytes; the outputs' own, and
// with all that they have in common mixed; the message; its schedule.
const KEYED = <u32>memory.data(64);
const STATE = <u32>memory.data(64);
const BELOW = <u32>memory.data(64);
const OUTPUT = <u32>memory.data(64);
const BEGUN = <u32>memory.data(128);
const BLOCK = <u32>memory.data(128);
const TABLE = <u32>memory.data(12 * 128);

function start(state: u32, parameter0: u64, parameter2: u64): void {
  store<u64>(state, IV0 ^ parameter0);
  store<u64>(state, IV1 ^ LENGTH, 8);
  store<u64>(state, IV2 ^ parameter2, 16);
  store<u64>(state, IV3, 24);
  below(state + 32, 0, 0);
}

/** IV4 to IV7 with the count of bytes so far, and all ones for the last block. */
function below(at: u32, count: u64, last: u64): void {
  store<u64>(at, IV4 ^ count);
  store<u64>(at, IV5, 8);
  store<u64>(at, IV6 ^ last, 16);
  store<u64>(at, IV7, 24);
}

function counted(bytes: u64, last: u64): void {
  store<u64>(BELOW, IV0);
  store<u64>(BELOW, IV1, 8);
  store<u64>(BELOW, IV2, 16);
  store<u64>(BELOW, IV3, 24);
  below(BELOW + 32, bytes, last);
}

/** Buffers `first` to `first` + `buffers` - 1 of the stream of the seed at `seed`, to `out`. */
export function stream(seed: u32, first: u32, buffers: u32, out: u32): void {
  outputs(seed, first, buffers * OUTPUTS, out);
}

/** The stream's first `count` outputs of 64 bytes from buffer `first` on, to `out`; up to two more are written after them. */
export function outputs(seed: u32, first: u32, count: u32, out: u32): void {
  start(OUTPUT, OUTPUT0, OUTPUT2);
  // The key's block is the same for all buffers.
  start(KEYED, ROOT0, 0);
  memory.copy(BLOCK, seed, 64);
  memory.fill(BLOCK + 64, 0, 64);
  schedule(BLOCK, TABLE);
  counted(128, 0);
  compress(KEYED, BELOW, TABLE);
  for (let k: u32 = first; count > 0; k++) {
    memory.copy(STATE, KEYED, 64);
    memory.fill(BLOCK, 0, 64);
    store<u64>(BLOCK, k);
    schedule(BLOCK, TABLE);
    counted(136, u64.MAX_VALUE);
    compress(STATE, BELOW, TABLE);
    counted(64, u64.MAX_VALUE);
    begin(OUTPUT, BELOW, STATE, BEGUN);
    const here = count < OUTPUTS ? count : OUTPUTS;
    let i: u32 = 0;
    for (; i + 3 <= here; i += 3) compress3(OUTPUT, BEGUN, i, STATE, out + 64 * i);
    // Three at a time: a buffer's last one with the two before it once more.
    if (i == OUTPUTS - 1) i -= 2;
    if (i < here) compress3(OUTPUT, BEGUN, i, STATE, out + 64 * i);
    out += BUFFER_BYTES;
    count -= here;
  }
  // The seed may have been the system's.
  memory.fill(KEYED, 0, 64);
  memory.fill(STATE, 0, 64);
  memory.fill(BEGUN, 0, 128);
  memory.fill(BLOCK, 0, 128);
  memory.fill(TABLE, 0, 12 * 128);
}
