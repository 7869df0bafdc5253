// The gate every plan, and every part of one, passes before it runs: shapes, levels, scales, steps.
import { atOnce, type Steps } from '../base/controls.ts';
import { SealedError } from '../base/errors.ts';
import { log2 } from '../base/exact-math.ts';
import { type Parameters, primesAtLevel } from '../params/parameters.ts';
import type { PlanPart, StagePart } from './partition.ts';
import { droppedPrime, type Plan } from './plan.ts';
import { kindOf, outLevel, type Stage, stageOutputs } from './stages/stages.ts';

function reject(stage: number, message: string): SealedError {
  return new SealedError('plan-rejected', `Plan rejected at stage ${stage}: ${message}`, {
    stage: 'compile',
    detail: { stage },
  });
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.abs(b);
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
  const kind = kindOf(stage);
  const product = stage.inScale * kind.factorScale(stage);
  const expected = kind.drops(stage) ? product / droppedPrime(parameters, level) : product;
  if (!near(stage.outScale, expected))
    throw reject(index, `its output scale is ${stage.outScale}, not ${expected}.`);
  const modulusBits = primesAtLevel(parameters, level).reduce((sum, q) => sum + log2(Number(q)), 0);
  // Written so that a negative scale, whose logarithm is no number, does not pass.
  if (!(log2(product) <= modulusBits - 1)) {
    throw reject(
      index,
      `scale 2^${log2(product).toFixed(1)} does not fit a modulus of ${modulusBits.toFixed(1)} bits.`,
    );
  }
  // A product of positive numbers that are small enough is 0.
  if (!(stage.outScale > 0)) throw reject(index, `its output scale is ${stage.outScale}.`);
  const { slots } = parameters;
  kind.verify(stage, { inputs: count, slots, reject: (message) => reject(index, message) });
}

/** `plan`, if it is sound. @throws SealedError `plan-rejected`, naming the stage */
export function verifyPlan(plan: Plan): Plan {
  return atOnce(verifyPlanSteps(plan));
}

/** {@link verifyPlan} in steps of a stage. @throws SealedError `plan-rejected` */
export function* verifyPlanSteps(plan: Plan): Steps<Plan> {
  const { parameters } = plan;
  const level = plan.inputLevel ?? parameters.maxLevel;
  let before: Before = { level, scale: plan.inputScale, count: plan.inputCount };
  checkStart(before, parameters);
  if (plan.stages.length === 0) throw reject(0, 'there is no stage.');
  for (const [index, stage] of plan.stages.entries()) {
    checkStage(index, stage, before, parameters);
    before = { level: outLevel(stage), scale: stage.outScale, count: stageOutputs(stage) };
    if (before.count < 1) throw reject(index, 'it has no outputs.');
    yield;
  }
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
  for (const at of stage.outputs.keys()) {
    for (const value of kindOf(stage).reads(stage, at)) {
      if (!here.has(value)) throw reject(index, `value ${value} is not here.`);
    }
  }
}

/**
 * `part`, if it is sound in itself: what a segment starts from, others give it, and a worker may have nothing to do in a
 * stage. A stage is a step.
 * @throws SealedError `plan-rejected`, naming the stage, counted through all segments
 */
export function* verifyPartSteps(part: PlanPart, parameters: Parameters): Steps<PlanPart> {
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
      yield;
    }
  }
  return part;
}
