// SEAL's samplers of small numbers (SEAL 4.1, native/src/seal/util/rlwe.cpp), from the generator's bytes. That of
// residues, which needs no secret, is ../assembly/expand.
//
// Nothing branches on a number that is kept, or indexes by it. How long the ternary sampler runs depends on the draws
// that it throws away, which say nothing of those that it keeps.
import { BUFFER_BYTES, stream } from '../assembly/blake2x';
import { N } from '../assembly/tables';

/**
 * sample_poly_ternary: of each 4 bytes the lowest two bits, less 1; 3 is thrown away. N numbers as i32 to `out`;
 * `buffer` holds 4096 bytes.
 */
export function ternary(seed: u32, out: u32, buffer: u32): void {
  let have: u32 = 0;
  for (let k: u32 = 0; have < N; k++) {
    stream(seed, k, 1, buffer);
    for (let at = buffer; at < buffer + BUFFER_BYTES && have < N; at += 4) {
      const draw = load<u8>(at) & 3;
      store<i32>(out + 4 * have, <i32>draw - 1);
      have += <u32>(draw != 3);
    }
  }
}

/**
 * sample_poly_cbd, negated: of each 6 bytes the one bits of the upper 21 less those of the lower 21 (bits 0 to 20 and
 * 24 to 44). N numbers as i32 to `out`.
 */
export function negatedNoise(bytes: u32, out: u32): void {
  for (let i: u32 = 0; i < N; i++) {
    const x = load<u64>(bytes + 6 * i);
    store<i32>(out + 4 * i, <i32>(popcnt<u64>(x & 0x1fffff000000) - popcnt<u64>(x & 0x1fffff)));
  }
}

/** Outputs of the generator, 64 bytes each, that hold a public seed and the noise. */
export function noiseOutputs(): u32 {
  return 1 + (6 * N) / 64;
}
