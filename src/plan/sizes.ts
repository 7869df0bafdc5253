// Bytes: of what crosses the wire (SQR2: seeds, residues at their primes' bits) and of what a kernel holds (32-bit words).
import type { Parameters } from '../params/parameters.ts';
import { keyLevels, type Plan, rotationSteps } from './plan.ts';

const SEED_BYTES = 64;
const WORD_BYTES = 4;

/** Bytes of one row of each data prime up to `level`, packed. */
function packedRows({ coeffModulusBits, polyModulusDegree }: Parameters, level: number): number {
  const bits = coeffModulusBits.slice(0, level + 1).reduce((sum, size) => sum + size, 0);
  return (bits * polyModulusDegree) / 8;
}

/** Bytes of an encrypted input of `level` as a client sends it: a seed stands for the uniform half. */
export function inputWireBytes(parameters: Parameters, level: number): number {
  return SEED_BYTES + packedRows(parameters, level);
}

/** Bytes of an answer's ciphertext of `level`. */
export function answerWireBytes(parameters: Parameters, level: number): number {
  return 2 * packedRows(parameters, level);
}

/** Bytes of one evaluation key for ciphertexts up to `level` as a client sends it: a seed in each digit. */
export function keyWireBytes(parameters: Parameters, level: number = parameters.maxLevel): number {
  const special = (parameters.coeffModulusBits.at(-1)! * parameters.polyModulusDegree) / 8;
  return (level + 1) * (SEED_BYTES + packedRows(parameters, level) + special);
}

/** Bytes of `polynomials` polynomials over `primes` primes in a kernel. */
export function kernelBytes(degree: number, primes: number, polynomials: number): number {
  return polynomials * primes * degree * WORD_BYTES;
}

/** Bytes of one evaluation key for ciphertexts up to `level` in a kernel. */
export function keyKernelBytes(parameters: Parameters, level: number = parameters.maxLevel): number {
  return (level + 1) * kernelBytes(parameters.polyModulusDegree, level + 2, 2);
}

/** The keys of some plans that share them, each for the highest level at which one of them uses it. */
export interface KeySet {
  readonly relinearization: number | undefined;
  /** Level of the key of each rotation step. */
  readonly rotations: ReadonlyMap<number, number>;
}

/** The keys of `plans`. @param whole whether they travel whole, since the backend reads no others */
export function keysOf(plans: readonly Plan[], whole = false): KeySet {
  const rotations = new Map<number, number>();
  let relinearization: number | undefined;
  for (const plan of plans) {
    const { maxLevel } = plan.parameters;
    const levels = keyLevels(plan);
    const cut = (level: number): number => (whole ? maxLevel : level);
    if (levels.relinearize !== undefined)
      relinearization = Math.max(relinearization ?? 0, cut(levels.relinearize));
    for (const [index, step] of rotationSteps(plan).entries())
      rotations.set(step, Math.max(rotations.get(step) ?? 0, cut(levels.rotations[index])));
  }
  return { relinearization, rotations };
}

/** What `of` comes to for all `keys`. */
export function sumOverKeys({ relinearization, rotations }: KeySet, of: (level: number) => number): number {
  let sum = relinearization === undefined ? 0 : of(relinearization);
  for (const level of rotations.values()) sum += of(level);
  return sum;
}
