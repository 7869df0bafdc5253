// Segments of one structure: weights differ, but not where they are. Layouts are chosen once for all of them.
import type { Parameters } from '../../params/parameters.ts';
import type { Choice } from './choose-layouts.ts';
import type { Schedule } from './phases.ts';
import { identityFactor, type SparseMatrix } from './sparse-map.ts';

/** What was chosen for a structure. */
export interface KnownChoice {
  /** Which of the ways to read the segment. */
  readonly way: number;
  readonly batch: number;
  readonly choice: Choice;
}

/** Choices by structure. */
export type KnownChoices = Map<string, KnownChoice>;

/** A 64-bit hash of numbers, as two words. */
class Hash {
  #a = 0x811c9dc5;
  #b = 0x9e3779b1;

  add(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul(this.#b ^ value, 0x85ebca6b) + 1;
    this.#b ^= this.#b >>> 13;
  }

  addAll(values: ArrayLike<number>): void {
    this.add(values.length);
    for (let i = 0; i < values.length; i += 1) this.add(values[i]);
  }

  toString(): string {
    return `${(this.#a >>> 0).toString(16)}.${(this.#b >>> 0).toString(16)}`;
  }
}

function addMatrix(hash: Hash, matrix: SparseMatrix): void {
  hash.addAll(matrix.rowStart);
  hash.addAll(matrix.columns);
  // What only moves a value costs nothing where it is a whole number.
  const factor = identityFactor(matrix);
  hash.add(factor !== undefined && Number.isInteger(factor) ? factor : 0x7fffffff);
}

/** Where the weights of the ways to read a segment are, and all else that layouts are chosen by, in few letters. */
export function structureOf(
  ways: readonly { readonly schedule: Schedule; readonly parameters: Parameters; readonly depth: object }[],
  inputs: readonly (readonly number[])[],
): string {
  const hash = new Hash();
  for (const { schedule, parameters } of ways) {
    hash.addAll([parameters.polyModulusDegree, parameters.maxLevel, schedule.outputGroup]);
    hash.addAll(schedule.groupOf);
    for (const [group, { used, shapes }] of schedule.groups) {
      hash.addAll([group, ...shapes.flatMap((shape) => [shape.length, ...shape])]);
      hash.addAll(used);
    }
    for (const { targets, outputs, isFree, hasProducts } of schedule.phases) {
      hash.addAll([isFree ? 1 : 0, hasProducts ? 1 : 0, targets.length]);
      for (const { base, left, right = -1 } of outputs) hash.addAll([base, left, right]);
      for (const { affine, group, used } of targets) {
        hash.addAll([group, affine.parts.length]);
        hash.addAll(used);
        for (const { base, matrix } of affine.parts) {
          hash.add(base);
          addMatrix(hash, matrix);
        }
      }
    }
  }
  return JSON.stringify([hash.toString(), inputs, ways.map(({ depth }) => depth)]);
}
