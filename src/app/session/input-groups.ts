// Inputs in groups that share their ciphertexts.

/** Some of a run's inputs, which share their ciphertexts. */
export interface Group {
  readonly first: number;
  readonly inputs: number;
}

/** `inputs` inputs in groups of up to `batch`. */
export function groupsOf(inputs: number, batch: number): Group[] {
  return Array.from({ length: Math.ceil(inputs / batch) }, (_, i) => ({
    first: i * batch,
    inputs: Math.min(batch, inputs - i * batch),
  }));
}

/** The values of a group's inputs, one after the other. */
export function joined(inputs: readonly Float32Array[], { first, inputs: count }: Group): Float32Array {
  const size = inputs[0].length;
  const values = new Float32Array(count * size);
  for (let i = 0; i < count; i += 1) values.set(inputs[first + i], i * size);
  return values;
}

/** `values` cut into `count` pieces of one size. */
export function split(values: Float32Array, count: number): Float32Array[] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * size, (i + 1) * size));
}
