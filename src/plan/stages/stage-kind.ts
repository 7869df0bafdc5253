// What a kind of stage says of itself. A new kind is one object of this type, an entry in ./stages.ts, and its evaluation
// in the interpreter and in the noise model.
import type { OperationName } from '../costs.ts';

/** What every stage has. */
export interface StageBase {
  /** Layers it computes, or computes a part of. */
  readonly layers: readonly string[];
  /** Level of its inputs. */
  readonly level: number;
  readonly inScale: number;
  readonly outScale: number;
}

/** How often a stage does each operation, all at its level. */
export interface StageOperations extends Record<OperationName, number> {
  /** Those of `rotate` that are baby steps: a hoisting backend decomposes each input once for all of them. */
  readonly baby: number;
  /** Inputs that such a backend decomposes and sums that it divides by P: half of {@link CostTable.hoist} each. */
  readonly hoists: number;
  /** Those of `multiplyPlain` and of `multiplyScalar` that stand in hoisted sums. */
  readonly hoistedPlain: number;
  readonly hoistedScalar: number;
  /** Those of `multiplyPlain` whose vectors are encoded in each run. */
  readonly encoded: number;
}

/** What a stage is checked against. */
export interface StageChecks {
  /** Number of ciphertexts it may read. */
  readonly inputs: number;
  readonly slots: number;
  /** The error to throw, which names the stage. */
  readonly reject: (message: string) => Error;
}

/** Everything about one kind of stage that plans need. */
export interface StageKind<S extends StageBase> {
  /** The word that a printed plan has for it. */
  word(stage: S): string;
  /** What it does beyond its layers' names: sizes, scales, rotations, a checksum of its weights. */
  print(stage: S): string;
  /** Which part of its layers' work it is, as words before their names; undefined where it is the main one. */
  part(stage: S): string | undefined;
  /** Number of ciphertexts it puts out. */
  outputs(stage: S): number;
  /** Numbers of the inputs that output `output` reads, some perhaps twice. */
  reads(stage: S, output: number): readonly number[];
  /** Whether a prime is dropped. */
  drops(stage: S): boolean;
  /** What its products' scale is, over that of its inputs. */
  factorScale(stage: S): number;
  operations(stage: S): StageOperations;
  /** Left rotations it makes, in slots; 0 and doubles may be among them. */
  steps(stage: S): Iterable<number>;
  /** Work of an output, in products with a plaintext: to share a stage out and to tell progress by. */
  work(stage: S, output: number): number;
  /** The stage with `outputs` alone. */
  pick(stage: S, outputs: readonly number[]): S;
  /** @throws what `checks.reject` makes, unless it reads what is there and every plaintext can be encoded */
  verify(stage: S, checks: StageChecks): void;
}

/** No operation at all. */
export const NO_OPERATIONS: StageOperations = {
  rotate: 0,
  baby: 0,
  hoists: 0,
  hoistedPlain: 0,
  hoistedScalar: 0,
  encoded: 0,
  multiplyPlain: 0,
  multiplyScalar: 0,
  rescale: 0,
  square: 0,
  relinearize: 0,
};
