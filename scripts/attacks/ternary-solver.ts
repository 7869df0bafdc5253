// Solves a noisy part of a ternary polynomial's slots for the polynomial, by message passing.
import type { ComplexSlots, Embedding } from './embedding.ts';

/** Some real and imaginary parts of a polynomial's slots; NaN stands for one that was not measured. */
export interface Measurements extends ComplexSlots {
  /** Of one measurement's error. */
  readonly variance: number;
}

/** What is believed of a ternary polynomial. */
export interface TernaryGuess {
  /** The likeliest value of each coefficient: −1, 0 or 1. */
  readonly coefficients: Int8Array;
  /** Mean variance of a coefficient in the end: 2/3 where nothing is known, 0 where all is. */
  readonly variance: number;
  readonly measured: number;
  readonly iterations: number;
}

// What is known of a coefficient before anything is measured: −1, 0 and 1 are equally likely.
const PRIOR_VARIANCE = 2 / 3;

/** Below this no coefficient is in doubt. */
const SOLVED = 1e-6;

/** An estimate moves only this far towards the next one, since full steps may swing; a shorter way where that fails. */
const STEPS = [0.7, 0.3];

/** This many turns without progress are enough. */
const PATIENCE = 20;

/**
 * Vector approximate message passing (Rangan, Schniter, Fletcher: Vector Approximate Message Passing, IEEE Trans. Inf.
 * Theory 65, 2019) with a uniform ternary prior. The rows of the embedding are orthogonal, so its linear step needs no
 * matrix inverse. It turns between the measurements and the prior, each time handing over only what the other does not
 * know yet.
 */
export function solveTernary(measurements: Measurements, embedding: Embedding): TernaryGuess {
  let best: TernaryGuess | undefined;
  for (const step of STEPS) {
    const guess = passMessages(measurements, embedding, step);
    if (!best || guess.variance < best.variance) best = guess;
    if (best.variance < SOLVED) break;
  }
  return best!;
}

function passMessages(measurements: Measurements, embedding: Embedding, move: number): TernaryGuess {
  const { degree, slots } = embedding;
  const rowNorm = Math.sqrt(degree / 2);
  const noise = measurements.variance / rowNorm ** 2;
  const measured = [measurements.re, measurements.im].reduce(
    (sum, values) => sum + values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0),
    0,
  );
  const rate = measured / degree;
  let estimate = new Float64Array(degree);
  let [mean, variance] = [estimate, PRIOR_VARIANCE];
  let [iterations, lowest, lowestAt] = [0, Infinity, 0];
  while (measured > 0 && iterations - lowestAt < PATIENCE) {
    iterations += 1;
    const predicted = embedding.slotsOf(estimate);
    let energy = 0;
    const residual = (values: Float64Array, guess: Float64Array): Float64Array => {
      const result = new Float64Array(slots);
      for (let j = 0; j < slots; j += 1) {
        if (Number.isNaN(values[j])) continue;
        result[j] = (values[j] - guess[j]) / rowNorm;
        energy += result[j] ** 2;
      }
      return result;
    };
    const residuals = {
      re: residual(measurements.re, predicted.re),
      im: residual(measurements.im, predicted.im),
    };
    const change = embedding.adjoint(residuals);
    const pseudo = estimate.map((value, n) => value + change[n] / (rowNorm * rate));
    const errorVariance = Math.max(energy / measured - noise, 1e-12);
    const pseudoVariance = Math.max((errorVariance * (1 - rate) + noise) / rate, 1e-9);
    ({ mean, variance } = posterior(pseudo, pseudoVariance));
    if (variance < SOLVED) break;
    const share = iterations === 1 ? 1 : move;
    // What the prior adds, without what it was told.
    const gain = pseudoVariance > variance ? pseudoVariance / (pseudoVariance - variance) : 1;
    if (variance < 0.99 * lowest) [lowest, lowestAt] = [variance, iterations];
    estimate = estimate.map(
      (value, n) => (1 - share) * value + share * gain * (mean[n] - (variance / pseudoVariance) * pseudo[n]),
    );
  }
  return { coefficients: Int8Array.from(mean, (value) => Math.round(value)), variance, measured, iterations };
}

/** Mean of each coefficient, given a value with normal noise of `variance`; and their mean variance. */
function posterior(
  pseudo: Float64Array<ArrayBuffer>,
  variance: number,
): { mean: Float64Array<ArrayBuffer>; variance: number } {
  let sum = 0;
  const mean = pseudo.map((value) => {
    // Likelihoods relative to that of 0: exponents are bounded so that none is infinite.
    const bounded = (exponent: number): number => Math.exp(Math.min(exponent, 500));
    const plus = bounded((value - 0.5) / variance);
    const minus = bounded((-value - 0.5) / variance);
    const total = 1 + plus + minus;
    const result = (plus - minus) / total;
    sum += (plus + minus) / total - result ** 2;
    return result;
  });
  return { mean, variance: Math.max(sum / pseudo.length, 1e-12) };
}
