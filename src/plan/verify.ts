// The gate every plan, and every part of one, passes before it runs: shapes, levels, scales, steps.
import { SealedError } from '../base/errors.ts';
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

/** Whether a stage may read the value of that number. */
type IsInput = (value: number) => boolean;

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

/**
 * Throws unless `stage` takes what comes `before` it to its own level and scale, and reads what is there.
 * @returns what the next one starts from
 */
function checkStage(
  index: number,
  stage: Stage,
  before: State,
  isInput: IsInput,
  parameters: Parameters,
): State {
  const { level, scale } = before;
  if (stage.level !== level)
    throw reject(index, `it starts at level ${stage.level}, its inputs are at ${level}.`);
  if (!near(stage.inScale, scale)) throw reject(index, `its input scale is ${stage.inScale}, not ${scale}.`);
  if (outLevel(stage) < 0) throw reject(index, 'there is no prime left to drop.');
  const kind = kindOf(stage);
  const product = stage.inScale * kind.factorScale(stage);
  const expected = kind.drops(stage) ? product / droppedPrime(parameters, level) : product;
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
  const { slots } = parameters;
  kind.verify(stage, { isInput, slots, reject: (message) => reject(index, message) });
  return { level: outLevel(stage), scale: stage.outScale };
}

/** `plan`, if it is sound. @throws SealedError `plan-rejected`, naming the stage */
export function verifyPlan(plan: Plan): Plan {
  const { parameters } = plan;
  let state: State = { level: plan.inputLevel ?? parameters.maxLevel, scale: plan.inputScale };
  let count = plan.inputCount;
  checkStart(state, plan.stages.length, parameters);
  if (!Number.isInteger(count) || count < 1) throw reject(0, `it starts from ${count} inputs.`);
  plan.stages.forEach((stage: Stage, index) => {
    const isInput = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < count;
    state = checkStage(index, stage, state, isInput, parameters);
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
      state = checkStage(index, stage, state, isInput, parameters);
      const outputs = outputsOf(index, stage);
      isInput = (value) => outputs.has(value);
      index += 1;
    }
  }
  return part;
}
