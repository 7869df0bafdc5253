// How large values get: what scales, parameters and error bounds are chosen by.
import type { DraftStage } from './emit-round.ts';
import type { Schedule } from './phases.ts';
import type { Magnitudes } from '../predict.ts';
import { evaluateProgram, type Program } from './program.ts';

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i += 1) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/** Largest absolute values of the output, of what each round reads, and of each of its targets. */
export interface NetworkMagnitudes {
  readonly output: number;
  /** Largest difference to the float network's output. */
  readonly approximationError: number;
  readonly rounds: readonly { readonly input: number; readonly targets: readonly number[] }[];
}

/**
 * The magnitudes over `inputs`.
 * @param references the float network's output for each of them
 */
export function magnitudesOf(
  program: Program,
  schedule: Schedule,
  inputs: readonly Float32Array[],
  references: readonly Float32Array[],
): NetworkMagnitudes {
  const rounds = schedule.phases.map(({ targets }) => ({ input: 0, targets: targets.map(() => 0) }));
  let output = 0;
  let approximationError = 0;
  for (const [sample, data] of inputs.entries()) {
    const values = evaluateProgram(program, data);
    const reference = references[sample];
    output = Math.max(output, largest(values.output), largest(reference));
    const differences = values.output.map((value, i) => value - reference[i]);
    approximationError = Math.max(approximationError, largest(differences));
    schedule.phases.forEach(({ targets, hasProducts }, index) => {
      const round = rounds[index];
      const reads = new Set(targets.flatMap(({ affine }) => affine.parts.map(({ base }) => base)));
      for (const base of reads) round.input = Math.max(round.input, largest(values.bases[base]));
      if (!hasProducts) return;
      targets.forEach(({ affine }, i) => {
        round.targets[i] = Math.max(round.targets[i], largest(values.of(affine)));
      });
    });
  }
  return { output, approximationError, rounds };
}

/**
 * The magnitudes around a stage.
 * @param gains how many times what it should be each of its inputs is
 */
export function aroundStage(
  draft: DraftStage,
  { rounds }: NetworkMagnitudes,
  gains: readonly number[],
): Magnitudes {
  const { input, targets } = rounds[draft.round];
  if (draft.kind === 'linear') {
    return { input: input * gains.reduce((most, gain) => Math.max(most, gain), 1), pairs: [] };
  }
  const pairs = draft.factors.map((factor, pair) => {
    const { left, right = left } = draft.pairs[pair];
    return { left: targets[factor.left] * gains[left], right: targets[factor.right] * gains[right] };
  });
  return { input, pairs };
}
