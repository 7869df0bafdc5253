// A plan as text that can be read and diffed.
import { countOperations, OPERATIONS } from './counts.ts';
import {
  type Diagonal,
  type LinearRow,
  outLevel,
  type Plan,
  type Stage,
  stageLabel,
  stageOutputs,
} from './plan.ts';

function bits(scale: number): string {
  return `2^${Math.log2(scale).toFixed(3)}`;
}

/** A checksum of numbers by their bits (FNV-1a over 32-bit words): two plans that differ in one weight print differently. */
class Checksum {
  readonly #float = new Float64Array(1);
  readonly #words = new Uint32Array(this.#float.buffer);
  #hash = 0x811c9dc5;

  add(value: number): this {
    this.#float[0] = value;
    for (const word of this.#words) this.#hash = Math.imul(this.#hash ^ word, 0x01000193) >>> 0;
    return this;
  }

  addDiagonal(diagonal: Diagonal): this {
    if (diagonal.kind === 'scalar') return this.add(diagonal.value);
    for (const value of diagonal.values) this.add(value);
    return this;
  }

  toString(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }
}

/** Checksum of all that a linear stage multiplies by and adds, with the place of each. */
function weightsChecksum(rows: readonly LinearRow[]): string {
  const sum = new Checksum();
  for (const { sums, bias } of rows) {
    for (const { giantStep, terms } of sums) {
      sum.add(giantStep);
      for (const { input, step, diagonal } of terms) sum.add(input).add(step).addDiagonal(diagonal);
    }
    if (bias) sum.addDiagonal(bias);
  }
  return sum.toString();
}

function printStage(stage: Stage, index: number): string {
  const head = `${String(index).padStart(2)} ${stage.kind.padEnd(6)} level ${stage.level}→${outLevel(stage)}  scale ${bits(stage.inScale)}→${bits(stage.outScale)}`;
  if (stage.kind === 'square') return `${head}  ${stage.count} ciphertexts  (${stageLabel(stage)})`;
  if (stage.kind === 'product') {
    const products = stage.pairs.filter(({ right }) => right !== undefined).length;
    return `${head}  ${products} products, ${stage.pairs.length - products} carried on  (${stageLabel(stage)})`;
  }
  let scalars = 0;
  let vectors = 0;
  const steps = new Set<number>();
  for (const { sums } of stage.rows) {
    for (const { giantStep, terms } of sums) {
      steps.add(giantStep);
      for (const { step, diagonal } of terms) {
        steps.add(step);
        if (diagonal.kind === 'scalar') scalars += 1;
        else vectors += 1;
      }
    }
  }
  steps.delete(0);
  const rotations = steps.size > 0 ? `, rotations by ${[...steps].sort((a, b) => a - b).join(' ')}` : '';
  const work = `${stageOutputs(stage)} rows, ${scalars} scalars, ${vectors} vectors at ${bits(stage.plainScale)}`;
  return `${head}  ${work}${rotations}, weights ${weightsChecksum(stage.rows)}  (${stageLabel(stage)})`;
}

/** `plan` stage by stage, then its operations by level, highest level first. */
export function printPlan(plan: Plan): string {
  const { parameters } = plan;
  const counts = countOperations(plan);
  const operations = OPERATIONS.map((operation) => {
    const byLevel = counts[operation]
      .map((count, level) => (count > 0 ? `${count} at ${level}` : ''))
      .filter(Boolean);
    return `   ${operation.padEnd(15)}${byLevel.reverse().join(', ') || 'none'}`;
  });
  return [
    `plan ${plan.name}: N = ${parameters.polyModulusDegree}, primes ${parameters.coeffModulusBits.join(' ')}, ${plan.inputCount} inputs at ${bits(plan.inputScale)}`,
    ...plan.stages.map(printStage),
    ...operations,
    '',
  ].join('\n');
}
