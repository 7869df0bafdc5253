// The gate every plan passes before it runs: shapes, levels, scales, steps.
import { SealedError } from '../base/errors.ts';
import { primesAtLevel } from '../params/parameters.ts';
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

/** `plan`, if it is sound. @throws SealedError `plan-rejected`, naming the stage */
export function verifyPlan(plan: Plan): Plan {
  const { parameters } = plan;
  let level = plan.inputLevel ?? parameters.maxLevel;
  if (!Number.isInteger(level) || level < 0 || level > parameters.maxLevel) {
    throw reject(0, `its inputs are at level ${level} of ${parameters.maxLevel}.`);
  }
  let scale = plan.inputScale;
  let count = plan.inputCount;
  if (!Number.isInteger(count) || count < 1) throw reject(0, `it starts from ${count} inputs.`);
  if (plan.stages.length === 0) throw reject(0, 'there is no stage.');
  plan.stages.forEach((stage: Stage, index) => {
    if (stage.level !== level)
      throw reject(index, `it starts at level ${stage.level}, its inputs are at ${level}.`);
    if (!near(stage.inScale, scale))
      throw reject(index, `its input scale is ${stage.inScale}, not ${scale}.`);
    if (outLevel(stage) < 0) throw reject(index, 'there is no prime left to drop.');
    const kind = kindOf(stage);
    const product = stage.inScale * kind.factorScale(stage);
    const expected = kind.drops(stage) ? product / droppedPrime(parameters, level) : product;
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
    const { slots } = parameters;
    kind.verify(stage, { inputs: count, slots, reject: (message) => reject(index, message) });
    level = outLevel(stage);
    scale = stage.outScale;
    count = stageOutputs(stage);
    if (count < 1) throw reject(index, 'it has no outputs.');
  });
  return plan;
}
