// The gate every plan, and every part of one, passes before it runs: shapes, levels, scales, steps.
import { SealedError } from '../base/errors.ts';
import { type Parameters, primesAtLevel } from '../params/parameters.ts';
import type { PlanPart, StagePart } from './partition.ts';
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

/** Whether a stage may read the value of that number. */
type IsInput = (value: number) => boolean;

function checkLinear(index: number, stage: LinearStage, isInput: IsInput, slots: number): void {
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
        if (!isInput(term.input)) throw reject(index, `there is no input ${term.input}.`);
        checkDiagonal(index, term.diagonal, slots);
      }
    }
  }
}

/** What a stage starts from. */
interface State {
  readonly level: number;
  readonly scale: number;
}

function checkStart({ level, scale }: State, stages: number, { maxLevel }: Parameters): void {
  if (!Number.isInteger(level) || level < 0 || level > maxLevel) {
    throw reject(0, `its inputs are at level ${level} of ${maxLevel}.`);
  }
  if (!(scale > 0)) throw reject(0, `its inputs are at scale ${scale}.`);
  if (stages === 0) throw reject(0, 'there is no stage.');
}

/** Throws unless `stage` takes what comes `before` it to its own level and scale. @returns what the next one starts from */
function checkScales(index: number, stage: Stage, before: State, parameters: Parameters): State {
  const { level, scale } = before;
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
  // Not every product of positive scales is one: the smallest numbers vanish.
  if (!(stage.outScale > 0)) throw reject(index, `its output scale is ${stage.outScale}.`);
  const modulusBits = primesAtLevel(parameters, level).reduce((sum, q) => sum + Math.log2(Number(q)), 0);
  // Written so that a negative scale, whose logarithm is no number, does not pass.
  if (!(Math.log2(product) <= modulusBits - 1)) {
    throw reject(
      index,
      `scale 2^${Math.log2(product).toFixed(1)} does not fit a modulus of ${modulusBits.toFixed(1)} bits.`,
    );
  }
  return { level: outLevel(stage), scale: stage.outScale };
}

/** Throws unless `stage` reads values that are there. */
function checkReads(index: number, stage: Stage, isInput: IsInput, slots: number): void {
  if (stage.kind === 'linear') checkLinear(index, stage, isInput, slots);
  else if (stage.kind === 'product') {
    for (const { left, right = left } of stage.pairs) {
      for (const input of [left, right]) {
        if (!isInput(input)) throw reject(index, `there is no input ${input}.`);
      }
    }
  }
}

/** `plan`, if it is sound. @throws SealedError `plan-rejected`, naming the stage */
export function verifyPlan(plan: Plan): Plan {
  const { parameters } = plan;
  let state: State = { level: plan.inputLevel ?? parameters.maxLevel, scale: plan.inputScale };
  let count = plan.inputCount;
  checkStart(state, plan.stages.length, parameters);
  if (!Number.isInteger(count) || count < 1) throw reject(0, `it starts from ${count} inputs.`);
  plan.stages.forEach((stage: Stage, index) => {
    state = checkScales(index, stage, state, parameters);
    const isInput = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < count;
    checkReads(index, stage, isInput, parameters.slots);
    if (stage.kind === 'square' && stage.count !== count)
      throw reject(index, `it squares ${stage.count} ciphertexts, there are ${count}.`);
    count = stageOutputs(stage);
    if (count < 1) throw reject(index, 'it has no outputs.');
  });
  return plan;
}

/** As many as a frame of ciphertexts may hold. */
const MOST_VALUES = 1 << 16;

/** The numbers of a stage's outputs, if there is one for each of them and none stands there twice. */
function outputsOf(index: number, { outputs, ...stage }: StagePart): ReadonlySet<number> {
  const numbers = new Set(outputs);
  const isNumber = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < MOST_VALUES;
  if (numbers.size !== stageOutputs(stage) || outputs.length !== numbers.size || !outputs.every(isNumber))
    throw reject(index, 'its outputs do not have a number each.');
  return numbers;
}

/**
 * `part`, if it is sound by itself: a worker may have no output in a stage, and what a segment is given, others compute.
 * @throws SealedError `plan-rejected`, naming the stage, counted through all segments
 */
export function verifyPart(part: PlanPart, parameters: Parameters): PlanPart {
  const first = part.segments[0]?.[0];
  if (!first) throw reject(0, 'there is no stage.');
  let state: State = { level: first.level, scale: first.inScale };
  checkStart(state, 1, parameters);
  let index = 0;
  for (const segment of part.segments) {
    if (segment.length === 0) throw reject(index, 'there is a segment without a stage.');
    let isInput: IsInput = (value) => Number.isInteger(value) && value >= 0 && value < MOST_VALUES;
    for (const stage of segment) {
      state = checkScales(index, stage, state, parameters);
      checkReads(index, stage, isInput, parameters.slots);
      const outputs = outputsOf(index, stage);
      if (stage.kind === 'square' && !stage.outputs.every(isInput))
        throw reject(index, 'it squares a ciphertext that is not there.');
      isInput = (value) => outputs.has(value);
      index += 1;
    }
  }
  return part;
}
