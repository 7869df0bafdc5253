// What the tester of BFV parameter sets is asked and answers. No part of the protocol between client and server.
import type { Controls } from '../base/controls.ts';
import type { Graph } from '../model/graph.ts';

/** What Pyfhel 2 takes where a set does not say (`contextGen`). */
export const PYFHEL_DEFAULTS = {
  m: 2048,
  sec: 128,
  base: 2,
  intDigits: 64,
  fracDigits: 32,
  flagBatching: false,
} as const;

/** A set of PyCrCNN's, by Pyfhel 2's names. */
export interface BfvSet {
  readonly name: string;
  /** The ring's degree N. */
  readonly m: number;
  /** The plain modulus. */
  readonly p: number;
  /** Bits of security: 128, 192 or 256. */
  readonly sec: number;
  readonly base: number;
  /** Digits that decoding reads as the whole part. */
  readonly intDigits: number;
  /** Digits of the fraction, written and read. */
  readonly fracDigits: number;
  /** Whether values stand in slots, in fixed point, instead of one in each ciphertext, in digits. */
  readonly flagBatching: boolean;
}

/** One set to try on one network. Inputs in C order, one for each picture. */
export interface BfvTest {
  readonly set: BfvSet;
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
  /** Layers after which the client decrypts and encrypts again. */
  readonly refresh: readonly number[];
  /** Whether to look for the nearest set that works where this one does not. */
  readonly findNearest: boolean;
}

/** A network to be run in slots at parameters of the tester's own. */
export type SlotsTest = Pick<BfvTest, 'graph' | 'inputs' | 'refresh'>;

/** A layer after which was decrypted. */
export interface BfvLayer {
  /** Its number in the model; that of the layer before for a refresh. */
  readonly index: number;
  readonly type: string;
  readonly node: 'sums' | 'squares' | 'same' | 'refresh';
  /** Largest and mean difference from the float network (in double precision), over all values. */
  readonly maxAbsError: number;
  readonly meanAbsError: number;
  /** Where the largest is, batch axis first, what was decrypted there, and what the float network has. */
  readonly maxErrorPosition: readonly number[];
  readonly cipherValue: number;
  readonly plainValue: number;
  /**
   * The largest error that the encoding makes, computed in the clear before anything is encrypted; a ciphertext adds none
   * while its budget lasts.
   */
  readonly bound: number;
  /** Bits of noise that still fit, the smallest of all ciphertexts (SEAL's invariant noise budget). */
  readonly noiseBudgetBits: number;
  /** Ciphertexts of the layer. */
  readonly ciphertexts: number;
  readonly evaluateMs: number;
  /** Digits alone: the largest coefficient that decoding reads, how many pass p/2, and what stands where it does not read. */
  readonly digits: { readonly largest: number; readonly wrapped: number; readonly unread: number } | null;
}

/** Why a result is not the network's, and which layer is the first to show it. */
export interface BfvProblem {
  readonly kind: 'coefficient' | 'budget' | 'digits';
  readonly layer: number;
  readonly type: string;
  readonly reason: string;
}

/** A set near one that fails, and what came of trying it. */
export interface NearestSet {
  /** What differs from the set asked for. */
  readonly changes: Readonly<Record<string, number | boolean>>;
  /** `whole`: every ciphertext of the network; `part`: enough of every layer to see its noise, the digits of all in the clear. */
  readonly tried: 'whole' | 'part';
  readonly maxAbsError: number;
  readonly noiseBudgetBits: number;
}

/** A set that ran. */
export interface BfvResult {
  readonly name: string;
  readonly scheme: 'bfv';
  readonly ran: true;
  readonly set: BfvSet;
  readonly parameters: {
    readonly polyModulusDegree: number;
    readonly coeffModulusBits: readonly number[];
    readonly plainModulus: number;
    /** 128 by the stricter table that CKKS has too, 192 and 256 by SEAL's. */
    readonly securityBits: number;
    /** Of these the bits that SEAL 4 keeps for key switching; SEAL 2 keeps none, so that its budget is larger by as many. */
    readonly keyPrimeBits: number;
  };
  /** `digits`: one value in each ciphertext, as PyCrCNN has it. `slots`: many, in fixed point. */
  readonly packing: 'digits' | 'slots';
  /** Slots alone: inputs and weights were multiplied by base^digits and rounded, with this error of its own. */
  readonly fixedPoint: { readonly digits: number; readonly roundingError: number } | null;
  /** Bits of noise that fit in a fresh ciphertext, the smallest of all inputs. */
  readonly startBudgetBits: number;
  readonly maxAbsError: number;
  readonly meanAbsError: number;
  readonly layers: readonly BfvLayer[];
  readonly problem: BfvProblem | null;
  /** The nearest set that works, where this one does not. */
  readonly nearest: NearestSet | null;
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
  readonly nearest?: NearestSet | null;
}

/** Tries BFV sets. It holds both roles, keys and evaluation, for a measurement on one's own machine. */
export interface BfvTester {
  /** A set that cannot run is an answer, no exception. Progress goes from 0 to 1. @throws SealedError `aborted` */
  test(test: BfvTest, controls?: Controls<number>): Promise<BfvResult | BfvRefusal>;
  /** The network in slots, at the smallest degree and p whose error is of use. @throws SealedError `aborted` */
  slots(test: SlotsTest, controls?: Controls): Promise<BfvResult | BfvRefusal>;
}
