// Small networks of the layers that the study could not run: written here, so that anyone sees what is in them.
import { seededRandom } from '../../base/seeded-random.ts';
import { type OnnxInitializer, type OnnxModel, writeOnnx } from '../../import/onnx/write-onnx.ts';

/** A network of one hard layer. */
export interface HardLayer {
  readonly id: string;
  /** What could not be run there. */
  readonly name: string;
  /** How it runs here. */
  readonly how: string;
  /** Whether the client takes a part of it, in a round. */
  readonly clientOps: boolean;
  /** Its ONNX file; the same bytes whenever it is written. */
  readonly write: () => Uint8Array;
}

const SIDE = 21;
const CHANNELS = 4;

/** Kernels of mean 0 whose sums keep the variance of what is summed. */
function kernel(name: string, dims: readonly number[], seed: number): OnnxInitializer {
  const random = seededRandom(seed);
  const fanIn = dims.slice(1).reduce((product, size) => product * size, 1);
  const spread = Math.sqrt(3 / fanIn);
  const data = Array.from({ length: fanIn * dims[0] }, () => spread * (2 * random() - 1));
  return { name, dims, data };
}

const input: OnnxModel['input'] = { name: 'code', dims: [1, 1, SIDE, SIDE] };
const PADS = { pads: [1n, 1n, 1n, 1n] } as const;

/**
 * One step of descent on the picture itself, as style transfer by optimisation takes it: x − η·∂/∂x ½‖(C∗x)² − t‖². With
 * u = C∗x the gradient is Cᵀ(2u·(u² − t)): a convolution, a product of two encrypted values, a transposed convolution.
 */
function inputGradient(): Uint8Array {
  return writeOnnx({
    opset: 13,
    input,
    initializers: [
      kernel('c', [CHANNELS, 1, 3, 3], 11),
      { name: 't', dims: [1], data: [0.5] },
      { name: 'step', dims: [1], data: [-0.1] },
    ],
    nodes: [
      { op: 'Conv', inputs: ['code', 'c'], outputs: ['u'], attributes: PADS },
      { op: 'Mul', inputs: ['u', 'u'], outputs: ['squared'] },
      { op: 'Sub', inputs: ['squared', 't'], outputs: ['error'] },
      { op: 'Mul', inputs: ['u', 'error'], outputs: ['pulled'] },
      { op: 'ConvTranspose', inputs: ['pulled', 'c'], outputs: ['gradient'], attributes: PADS },
      { op: 'Mul', inputs: ['gradient', 'step'], outputs: ['descent'] },
      { op: 'Add', inputs: ['code', 'descent'], outputs: ['picture'] },
    ],
    output: 'picture',
  });
}

function maxPooling(): Uint8Array {
  return writeOnnx({
    opset: 13,
    input,
    initializers: [kernel('first', [CHANNELS, 1, 3, 3], 12), kernel('last', [3, CHANNELS, 3, 3], 13)],
    nodes: [
      { op: 'Conv', inputs: ['code', 'first'], outputs: ['wide'], attributes: PADS },
      {
        op: 'MaxPool',
        inputs: ['wide'],
        outputs: ['pooled'],
        attributes: { kernel_shape: [2n, 2n], strides: [2n, 2n] },
      },
      { op: 'Conv', inputs: ['pooled', 'last'], outputs: ['picture'], attributes: PADS },
    ],
    output: 'picture',
  });
}

/** U of 2n × n with two ones below each other in each column: U·X doubles the rows of X. */
function doubleDiagonal(): OnnxInitializer {
  const data = Array.from({ length: 2 * SIDE * SIDE }, (_, i) =>
    Number(Math.floor(i / SIDE / 2) === i % SIDE),
  );
  return { name: 'u', dims: [2 * SIDE, SIDE], data };
}

/** Squares of a convolution, X, their rows doubled by U; `columns` doubles the columns of that, `tall`, to `picture`. */
function doubling(columns: OnnxModel['nodes']): Uint8Array {
  return writeOnnx({
    opset: 13,
    input,
    initializers: [doubleDiagonal(), kernel('first', [3, 1, 3, 3], 14)],
    nodes: [
      { op: 'Conv', inputs: ['code', 'first'], outputs: ['wide'], attributes: PADS },
      { op: 'Mul', inputs: ['wide', 'wide'], outputs: ['squared'] },
      { op: 'MatMul', inputs: ['u', 'squared'], outputs: ['tall'] },
      ...columns,
    ],
    output: 'picture',
  });
}

/** U·X·Uᵀ: the constant stands left of the encrypted picture, and a transpose turns it round for the columns. */
function upsampling(): Uint8Array {
  return doubling([
    { op: 'Transpose', inputs: ['u'], outputs: ['turned'], attributes: { perm: [1n, 0n] } },
    { op: 'MatMul', inputs: ['tall', 'turned'], outputs: ['picture'] },
  ]);
}

/** The same doubling with the encrypted value turned round instead: (U·(U·X)ᵀ)ᵀ. */
function upsamplingTransposed(): Uint8Array {
  const turn = { perm: [0n, 1n, 3n, 2n] } as const;
  return doubling([
    { op: 'Transpose', inputs: ['tall'], outputs: ['turned'], attributes: turn },
    { op: 'MatMul', inputs: ['u', 'turned'], outputs: ['large'] },
    { op: 'Transpose', inputs: ['large'], outputs: ['picture'], attributes: turn },
  ]);
}

/** What the study names as beyond it, in layers; sizes and bits stand in the table of networks. */
export const HARD_LAYERS: readonly HardLayer[] = [
  {
    id: 'input-gradient',
    name: 'input gradients',
    how: 'a product of two encrypted values and a transposed convolution',
    clientOps: false,
    write: inputGradient,
  },
  {
    id: 'max-pool',
    name: 'max pooling',
    how: 'the client takes the largest, in one round',
    clientOps: true,
    write: maxPooling,
  },
  {
    id: 'upsampling-left',
    name: 'upsampling by a double diagonal matrix, left operand',
    how: 'one linear stage: both products are one matrix',
    clientOps: false,
    write: upsampling,
  },
  {
    id: 'upsampling-transposed',
    name: 'upsampling with transposes of the encrypted value',
    how: 'one linear stage: transposes move slots that the matrix moves anyway',
    clientOps: false,
    write: upsamplingTransposed,
  },
];
