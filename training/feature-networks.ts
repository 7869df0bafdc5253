// Writes the styles' feature networks: `node training/feature-networks.ts` writes public/models/features-*.onnx.
//
// Bits make exact features: for x and y of 0 or 1, (x + y − ½)² = 2·xy + ¼, so one square is a product of two modules,
// and two squares one of four. `edge` alone is trained: see training/README.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { writeOnnx, type OnnxInitializer, type OnnxNode } from '../fixtures/onnx-writer.ts';

type Offset = readonly [dx: number, dy: number];
/** A module, or its complement. */
interface Bit {
  readonly at: Offset;
  readonly light?: boolean;
}
/** A channel of the first layer: one bit, or the product of two. */
type First = readonly Bit[];
/** A channel of the second layer: one channel of the first, or the product of two, by their numbers. */
type Second = readonly number[];

interface Layer {
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: number[];
  readonly bias: number[];
}

const [C, N, E, S, W]: Offset[] = [
  [0, 0],
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
];
const [NE, SE, SW, NW]: Offset[] = [
  [1, -1],
  [1, 1],
  [-1, 1],
  [-1, -1],
];
const bit = (at: Offset, light = false): Bit => ({ at, light });

function firstLayer(channels: readonly First[]): Layer {
  const weight: number[] = [];
  const bias: number[] = [];
  for (const bits of channels) {
    const kernel = Array<number>(9).fill(0);
    let offset = bits.length === 2 ? -0.5 : 0;
    for (const { at, light } of bits) {
      kernel[3 * (at[1] + 1) + at[0] + 1] += light === true ? -1 : 1;
      if (light === true) offset += 1;
    }
    weight.push(...kernel);
    bias.push(offset);
  }
  return { outputs: channels.length, inputs: 1, weight, bias };
}

function secondLayer(first: readonly First[], channels: readonly Second[]): Layer {
  const weight: number[] = [];
  const bias: number[] = [];
  for (const factors of channels) {
    const row = Array<number>(first.length).fill(0);
    let offset = factors.length === 2 ? -0.5 : 0;
    for (const factor of factors) {
      // A product came out of the square as 2·xy + ¼.
      const isProduct = first[factor].length === 2;
      row[factor] += isProduct ? 0.5 : 1;
      if (isProduct) offset -= 0.125;
    }
    weight.push(...row);
    bias.push(offset);
  }
  return { outputs: channels.length, inputs: first.length, weight, bias };
}

function write(
  name: string,
  layers: readonly Layer[],
  kernel: readonly [number, number],
  squares: boolean,
): void {
  const initializers: OnnxInitializer[] = [];
  const nodes: OnnxNode[] = [];
  let value = 'code';
  layers.forEach(({ outputs, inputs, weight, bias }, index) => {
    const [rows, columns] = index === 0 ? kernel : [1, 1];
    const [w, b, sum] = [`weight${index}`, `bias${index}`, `sum${index}`];
    initializers.push({ name: w, dims: [outputs, inputs, rows, columns], data: Float32Array.from(weight) });
    initializers.push({ name: b, dims: [outputs], data: Float32Array.from(bias) });
    const [top, left] = [(rows - 1) / 2, (columns - 1) / 2].map(BigInt);
    nodes.push({
      op: 'Conv',
      inputs: [value, w, b],
      outputs: [sum],
      attributes: { kernel_shape: [BigInt(rows), BigInt(columns)], pads: [top, left, top, left] },
    });
    value = sum;
    if (!squares) return;
    nodes.push({ op: 'Mul', inputs: [sum, sum], outputs: [`square${index}`] });
    value = `square${index}`;
  });
  const bytes = writeOnnx({
    opset: 17,
    input: { name: 'code', dims: [1, 1, 'height', 'width'] },
    initializers,
    nodes,
    output: value,
  });
  writeFileSync(new URL(`../public/models/features-${name}.onnx`, import.meta.url), bytes);
  console.log(
    `features-${name}.onnx ${bytes.length} bytes, ${layers.map(({ outputs }) => outputs).join(', ')}`,
  );
}

/** Modules as they are, in reading order of `kernel`. */
function taps(name: string, rows: number, columns: number): void {
  const count = rows * columns;
  const weight = Array.from({ length: count * count }, (_, i) => (i % (count + 1) === 0 ? 1 : 0));
  write(
    name,
    [{ outputs: count, inputs: 1, weight, bias: Array<number>(count).fill(0) }],
    [rows, columns],
    false,
  );
}

function products(name: string, first: readonly First[], second?: readonly Second[]): void {
  const layers = [firstLayer(first), ...(second ? [secondLayer(first, second)] : [])];
  write(name, layers, [3, 3], true);
}

taps('one', 1, 1);
taps('column', 3, 1);
taps('nine', 3, 3);
const one = (at: Offset): First => [bit(at)];
const two = (a: Offset, b: Offset): First => [bit(a), bit(b)];
products('stroke', [one(C), two(C, N), two(C, S)]);
products('cross', [one(C), one(N), one(E), one(S), one(W), two(C, N), two(C, E), two(C, S), two(C, W)]);
const lightAnd = (at: Offset): First => [bit(C, true), bit(at)];
products(
  'block',
  [...[C, W, N, NW].map(one), ...[W, N, NW].map(lightAnd)],
  [[0], [1], [2], [4], [5], [6], [4, 3], [5, 3]],
);
const corners: readonly (readonly [Offset, Offset, Offset])[] = [
  [W, N, NW],
  [E, N, NE],
  [W, S, SW],
  [E, S, SE],
];
products(
  'liquid',
  [
    one(C),
    ...corners.map(([h, v]): First => [bit(h, true), bit(v, true)]),
    ...corners.map(([h, v]): First => [bit(h), bit(v)]),
    ...corners.map(([, , d]): First => [bit(C, true), bit(d)]),
  ],
  [[0], ...[1, 2, 3, 4].map((i) => [0, i]), ...[5, 6, 7, 8].map((i) => [i, i + 4])],
);

/** Trained weights, `[outputs][inputs]` and bias for each layer. */
const edge = JSON.parse(readFileSync(new URL('edge-features.json', import.meta.url), 'utf8')) as {
  readonly layers: readonly { readonly weight: readonly number[][]; readonly bias: readonly number[] }[];
};
write(
  'edge',
  edge.layers.map(({ weight, bias }, index) => ({
    outputs: bias.length,
    inputs: index === 0 ? 1 : weight[0].length,
    weight: weight.flat(),
    bias: [...bias],
  })),
  [3, 3],
  true,
);
