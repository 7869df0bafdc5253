// Many outputs from many inputs by a matrix of scalars: a 1x1 convolution over channels in ciphertexts of their own.
import { Ciphertext, sameKernel } from './handles.ts';
import { invalid } from './instance.ts';
import type { KernelInstance } from './instance.ts';
import { montgomeryResidue } from './scalars.ts';

/** A matrix of scalars, prepared for one kernel: residues in Montgomery form, [prime][output][input]. */
export interface ScalarMatrix {
  readonly kernel: KernelInstance;
  readonly outputs: number;
  readonly inputs: number;
  readonly primes: number;
  readonly residues: Uint32Array<ArrayBuffer>;
}

/**
 * Prepares `values`, [output][input], already scaled (rounded here, below 2^52 in magnitude), for ciphertexts over the
 * first `primes` data primes. Kept in ordinary memory: nothing to dispose.
 */
export function scalarMatrix(
  kernel: KernelInstance,
  values: Float64Array,
  outputs: number,
  inputs: number,
  primes: number,
): ScalarMatrix {
  kernel.checkPrimeCount(primes);
  if (values.length !== outputs * inputs || outputs < 1 || inputs < 1 || inputs > 16384) {
    throw invalid('The matrix does not have the shape it is given.', { outputs, inputs });
  }
  // An even number of rows: the kernel takes outputs two at a time.
  const padded = outputs + (outputs % 2);
  const residues = new Uint32Array(primes * padded * inputs);
  for (let p = 0; p < primes; p++) {
    const prime = kernel.primes[p];
    for (let i = 0; i < values.length; i++) {
      residues[p * padded * inputs + i] = montgomeryResidue(values[i], prime);
    }
  }
  return { kernel, outputs, inputs, primes, residues };
}

/**
 * outputs[o] = sum over i of matrix[o][i] inputs[i]. Inputs of one size and level, that of the matrix or a lower one;
 * each tile of them is read once for all outputs. The caller disposes the outputs.
 */
export function mix(matrix: ScalarMatrix, inputs: readonly Ciphertext[]): Ciphertext[] {
  const first = inputs[0];
  if (first === undefined || inputs.length !== matrix.inputs) {
    throw invalid(`The matrix takes ${matrix.inputs} ciphertexts.`, { given: inputs.length });
  }
  const kernel = sameKernel(first, ...inputs);
  if (kernel !== matrix.kernel) throw invalid('The matrix belongs to another kernel.');
  for (const input of inputs) {
    if (input.primes !== first.primes || input.size !== first.size)
      throw invalid('All inputs must be alike.');
  }
  if (first.primes > matrix.primes) throw invalid('The matrix is for a lower level.');
  const padded = matrix.outputs + (matrix.outputs % 2);
  const outputs: Ciphertext[] = [];
  try {
    for (let o = 0; o < padded; o++) outputs.push(new Ciphertext(kernel, first.size, first.primes));
    const words = matrix.residues.length;
    const scratch = kernel.scratch((words + padded + inputs.length) * 4 + 64 + inputs.length * 256);
    const outTable = scratch + words * 4;
    const inTable = outTable + padded * 4;
    const tile = (inTable + inputs.length * 4 + 63) & ~63;
    kernel.words(scratch, words).set(matrix.residues);
    kernel.words(outTable, padded).set(outputs.map((c) => c.pointer));
    kernel.words(inTable, inputs.length).set(inputs.map((c) => c.pointer));
    const rows = first.size * first.primes;
    kernel.raw.mix(outTable, padded, inTable, inputs.length, scratch, rows, first.primes, tile);
    for (const spare of outputs.splice(matrix.outputs)) spare[Symbol.dispose]();
    return outputs;
  } catch (error) {
    for (const output of outputs) output[Symbol.dispose]();
    throw error;
  }
}
