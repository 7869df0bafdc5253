// The gate every plan, and every part of one, passes before it runs: shapes, levels, scales, steps.
import { SealedError } from '../base/errors.ts';
import { type Parameters, primesAtLevel } from '../params/parameters.ts';
import { dependencies, type PlanPart, type StagePart } from './partition.ts';
import {
  type Diagonal,
  droppedPrime,
  type LinearStage,
  outLevel,
  type Plan,
  type Stage,
  stageOutputs,
} from './plan.ts';

function reject(stage: number, message: string): SealedError {
  return new SealedError('plan-rejected', `Plan rejected at stage ${stage}: ${message}`, {
    stage: 'compile',
    detail: { stage },
  });
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.abs(b);
}

/** Throws unless `diagonal` can be encoded: finite, and a vector has one value a slot. */
function checkDiagonal(index: number, diagonal: Diagonal, slots: number): void {
  if (diagonal.kind === 'scalar') {
    if (!Number.isFinite(diagonal.value)) throw reject(index, 'a scalar is not finite.');
    return;
  }
  if (diagonal.values.length !== slots) {
    throw reject(index, `a diagonal has ${diagonal.values.length} values for ${slots} slots.`);
  }
  if (!diagonal.values.every(Number.isFinite)) throw reject(index, 'a diagonal is not finite.');
}

function checkLinear(index: number, stage: LinearStage, inputs: number, slots: number): void {
  const isStep = (step: number): boolean => Number.isInteger(step) && step >= 0 && step < slots;
  for (const row of stage.rows) {
    // A sum without a term would be a transparent ciphertext, which hides nothing and which SEAL refuses.
    if (row.sums.length === 0 || row.sums.some((sum) => sum.terms.length === 0)) {
      throw reject(index, 'an output, or a sum in it, has no term.');
    }
    if (row.bias) checkDiagonal(index, row.bias, slots);
    for (const sum of row.sums) {
      if (!isStep(sum.giantStep))
        throw reject(index, `giant step ${sum.giantStep} is not in 0…${slots - 1}.`);
      for (const term of sum.terms) {
        if (!isStep(term.step)) throw reject(index, `baby step ${term.step} is not in 0…${slots - 1}.`);
        if (!Number.isInteger(term.input) || term.input < 0 || term.input >= inputs) {
          throw reject(index, `there is no input ${term.input}.`);
        }
        checkDiagonal(index, term.diagonal, slots);
      }
    }
  }
}

/** What a stage starts from. */
interface Before {
  readonly level: number;
  readonly scale: number;
  /** Values there are, from number 0 on. */
  readonly count: number;
}

function checkStart({ level, scale, count }: Before, { maxLevel }: Parameters): void {
  if (!Number.isInteger(level) || level < 0 || level > maxLevel) {
    throw reject(0, `its inputs are at level ${level} of ${maxLevel}.`);
  }
  if (!(scale > 0)) throw reject(0, `its inputs are at scale ${scale}.`);
  if (!Number.isInteger(count) || count < 1) throw reject(0, `it starts from ${count} inputs.`);
}

/** Throws unless `stage` goes with what is there before it. */
function checkStage(index: number, stage: Stage, before: Before, parameters: Parameters): void {
  const { level, scale, count } = before;
  if (stage.level !== level)
    throw reject(index, `it starts at level ${stage.level}, its inputs are at ${level}.`);
  if (!near(stage.inScale, scale)) throw reject(index, `its input scale is ${stage.inScale}, not ${scale}.`);
  if (outLevel(stage) < 0) throw reject(index, 'there is no prime left to drop.');
  const factor = stage.kind === 'linear' ? stage.plainScale : stage.inScale;
  const product = stage.inScale * factor;
  const drops = outLevel(stage) < stage.level;
  const expected = drops ? product / droppedPrime(parameters, level) : product;
  if (!near(stage.outScale, expected))
    throw reject(index, `its output scale is ${stage.outScale}, not ${expected}.`);
  const modulusBits = primesAtLevel(parameters, level).reduce((sum, q) => sum + Math.log2(Number(q)), 0);
  // Written so that a negative scale, whose logarithm is no number, does not pass.
  if (!(Math.log2(product) <= modulusBits - 1)) {
    throw reject(
      index,
      `scale 2^${Math.log2(product).toFixed(1)} does not fit a modulus of ${modulusBits.toFixed(1)} bits.`,
    );
  }
  // A product of positive numbers that are small enough is 0.
  if (!(stage.outScale > 0)) throw reject(index, `its output scale is ${stage.outScale}.`);
  if (stage.kind === 'linear') checkLinear(index, stage, count, parameters.slots);
  else if (stage.kind === 'product') {
    for (const { left, right = left } of stage.pairs) {
      for (const input of [left, right]) {
        if (!Number.isInteger(input) || input < 0 || input >= count)
          throw reject(index, `there is no input ${input}.`);
      }
    }
  }
}

/** `plan`, if it is sound. @throws SealedError `plan-rejected`, naming the stage */
export function verifyPlan(plan: Plan): Plan {
  const { parameters } = plan;
  const level = plan.inputLevel ?? parameters.maxLevel;
  let before: Before = { level, scale: plan.inputScale, count: plan.inputCount };
  checkStart(before, parameters);
  if (plan.stages.length === 0) throw reject(0, 'there is no stage.');
  plan.stages.forEach((stage, index) => {
    checkStage(index, stage, before, parameters);
    if (stage.kind === 'square' && stage.count !== before.count)
      throw reject(index, `it squares ${stage.count} ciphertexts, there are ${before.count}.`);
    before = { level: outLevel(stage), scale: stage.outScale, count: stageOutputs(stage) };
    if (before.count < 1) throw reject(index, 'it has no outputs.');
  });
  return plan;
}

/** As many as a frame of ciphertexts may hold. */
const MOST_VALUES = 1 << 16;

/** The numbers of a stage's outputs, if each of them has one of its own. */
function outputNumbers(index: number, stage: StagePart): ReadonlySet<number> {
  const numbers = new Set(stage.outputs);
  const isNumber = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < MOST_VALUES;
  const isOneEach = stage.outputs.length === stageOutputs(stage) && numbers.size === stage.outputs.length;
  if (!isOneEach || !stage.outputs.every(isNumber))
    throw reject(index, 'its outputs do not have a number each.');
  return numbers;
}

/** Throws unless all values that `stage` reads are among those of the stage before it, `here`. */
function checkReads(index: number, stage: StagePart, here: ReadonlySet<number>): void {
  for (const [at, output] of stage.outputs.entries()) {
    const read = stage.kind === 'square' ? [output] : dependencies(stage, at);
    for (const value of read) if (!here.has(value)) throw reject(index, `value ${value} is not here.`);
  }
}

/**
 * `part`, if it is sound in itself: what a segment starts from, others give it, and a worker may have nothing to do in a
 * stage.
 * @throws SealedError `plan-rejected`, naming the stage, counted through all segments
 */
export function verifyPart(part: PlanPart, parameters: Parameters): PlanPart {
  const first = part.segments[0]?.[0];
  if (!first) throw reject(0, 'there is no stage.');
  let before: Before = { level: first.level, scale: first.inScale, count: MOST_VALUES };
  checkStart(before, parameters);
  let index = 0;
  for (const segment of part.segments) {
    if (segment.length === 0) throw reject(index, 'there is a segment without a stage.');
    let here: ReadonlySet<number> | undefined;
    for (const stage of segment) {
      checkStage(index, stage, before, parameters);
      const outputs = outputNumbers(index, stage);
      // Within a segment no values are exchanged.
      if (here) checkReads(index, stage, here);
      here = outputs;
      before = { level: outLevel(stage), scale: stage.outScale, count: MOST_VALUES };
      index += 1;
    }
  }
  return part;
}
