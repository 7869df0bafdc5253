// A plan as text that can be read and diffed.
import { log2 } from '../base/exact-math.ts';
import { countOperations, OPERATIONS } from './counts.ts';
import type { Plan } from './plan.ts';
import { kindOf, outLevel, type Stage, stageLabel } from './stages/stages.ts';

function bits(scale: number): string {
  return `2^${log2(scale).toFixed(3)}`;
}

function printStage(stage: Stage, index: number): string {
  const kind = kindOf(stage);
  const levels = `level ${stage.level}→${outLevel(stage)}`;
  const scales = `scale ${bits(stage.inScale)}→${bits(stage.outScale)}`;
  const head = `${String(index).padStart(2)} ${kind.word(stage).padEnd(6)} ${levels}  ${scales}`;
  return `${head}  ${kind.print(stage)}  (${stageLabel(stage)})`;
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
