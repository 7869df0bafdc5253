// What the tester of BFV parameter sets is asked and answers. No part of the protocol between client and server.
import type { Graph } from '../model/graph.ts';

/** A set of PyCrCNN's: BFV of degree `m` modulo `p`, numbers in fixed point of base `base`. */
export interface BfvSet {
  readonly name: string;
  /** The ring's degree N, as Pyfhel 2 names it. */
  readonly m: number;
  /** The plain modulus. */
  readonly p: number;
  /** Bits of security: 128, 192 or 256. */
  readonly sec: number;
  readonly base: number;
}

/** One set to try on one network. Inputs in C order, one for each picture; they share the ciphertexts. */
export interface BfvTest {
  readonly set: BfvSet;
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
}

/** A layer after which was decrypted. */
export interface BfvLayer {
  readonly index: number;
  readonly type: string;
  /** Largest difference from the float network, over all values that were computed. */
  readonly maxAbsError: number;
  /** Bits of noise that still fit, the smallest of all ciphertexts (SEAL's invariant noise budget). */
  readonly noiseBudgetBits: number;
}

/** A set that ran. */
export interface BfvResult {
  readonly name: string;
  readonly scheme: 'bfv';
  readonly ran: true;
  readonly parameters: {
    readonly polyModulusDegree: number;
    readonly coeffModulusBits: readonly number[];
    readonly plainModulus: number;
    /** 128 by the stricter table that CKKS has too, 192 and 256 by SEAL's. */
    readonly securityBits: number;
  };
  /** Inputs were multiplied by base^inputDigits, weights by base^weightDigits, and rounded to whole numbers. */
  readonly fixedPoint: {
    readonly base: number;
    readonly inputDigits: number;
    readonly weightDigits: number;
    /** The error that this rounding alone makes, computed in the clear. */
    readonly roundingError: number;
  };
  /** Where the values of one ciphertext are: coefficients of the polynomial, or the slots of a batching p. */
  readonly packing: 'coefficients' | 'slots';
  readonly maxAbsError: number;
  readonly meanAbsError: number;
  readonly layers: readonly BfvLayer[];
  readonly timings: {
    readonly keygenMs: number;
    readonly encryptMs: number;
    readonly evaluateMs: number;
    readonly decryptMs: number;
  };
  readonly bytes: { readonly request: number; readonly response: number; readonly evaluationKeys: number };
}

/** A set that could not run, why, and values near those asked for that would do. */
export interface BfvRefusal {
  readonly name: string;
  readonly scheme: 'bfv';
  readonly ran: false;
  readonly code: string;
  readonly reason: string;
  readonly nearest?: Readonly<Record<string, number>>;
}

/** Tries BFV sets. It holds both roles, keys and evaluation, for a measurement on one's own machine. */
export interface BfvTester {
  /** A set that cannot run is an answer, no exception. */
  test(test: BfvTest): Promise<BfvResult | BfvRefusal>;
}
