// Model and input files as people have them: .pt, .pth and .onnx; .npy, .json and .png.
import { powerOfTwo, sin } from '../base/exact-math.ts';
import { decode } from 'fast-png';
import { asSealedError, SealedError } from '../base/errors.ts';
import { elementCount, type Graph, type Shape, type Tensor } from '../model/graph.ts';
import { importModel, type ModelImportOptions } from './import-model.ts';
import { readJsonTensor } from './json-image.ts';
import { describeNumbers } from './non-finite.ts';
import { readNpy } from './numpy.ts';
import { parseLayerList } from './pytorch/layer-list.ts';

/** What a model file does not say itself. */
export interface ModelFileOptions {
  /** The file's name; the network is called after it, without what follows the last dot. */
  readonly name: string;
  /** Shape of one input without batch axis. */
  readonly inputShape?: Shape | undefined;
  /** For a state_dict: its layers, as JSON or as the text that `print(model)` shows. */
  readonly layers?: LayerList | string | undefined;
  /** Name of the output to compute; the first one otherwise. */
  readonly output?: string | undefined;
  /** An input from which the shape may be taken. */
  readonly input?: Tensor | undefined;
  /** Shape to try where neither the file nor an input says. */
  readonly fallbackShape?: Shape | undefined;
}

/** The layers of a state_dict, read. */
export type LayerList = ReturnType<typeof parseLayerList>;

/** The layers in a file: JSON, or the text that `print(model)` shows. @throws SealedError `invalid-argument` */
export function readLayerList(text: string): LayerList {
  return parseLayerList(text);
}

/**
 * The network in `bytes`. Without a shape, that of the file or else of the input is taken, with or without its first axis.
 * @throws SealedError as `importModel` does, the file named first
 */
export function readModelFile(
  bytes: Uint8Array,
  { name, inputShape, layers, output, input, fallbackShape }: ModelFileOptions,
): Graph {
  const given: ModelImportOptions = {
    name: name.replace(/\.[^.]+$/, ''),
    ...(layers !== undefined && { layers }),
    ...(output !== undefined && { output }),
  };
  const shapes: (Shape | undefined)[] = inputShape ? [inputShape] : [undefined];
  if (!inputShape && input) {
    if (input.shape.length > 1) shapes.push(input.shape.slice(1));
    shapes.push(input.shape);
  }
  if (!inputShape && fallbackShape) shapes.push(fallbackShape);
  let failure: unknown;
  for (const shape of shapes) {
    try {
      return importModel(bytes, { ...given, ...(shape && { inputShape: shape }) });
    } catch (error) {
      // The last shape tried is the most particular: what it meets says most.
      failure = error;
    }
  }
  const error = asSealedError(failure, 'model');
  throw new SealedError(error.code, `${name}: ${error.message}`, {
    stage: error.stage ?? 'model',
    detail: { ...error.detail, file: name },
    cause: failure,
  });
}

function invalid(message: string, cause?: unknown): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'input', cause });
}

/**
 * The tensor in a file, told by its name's end: NumPy's .npy, .json (nested lists, or PyCrCNN's jsonpickled arrays), .png
 * as `[channels, height, width]` in 0 to 1, transparency dropped.
 * @throws SealedError `malformed-model` or `invalid-argument`
 */
export function readInputFile(name: string, bytes: Uint8Array): Tensor {
  if (/\.npy$/i.test(name)) return readNpy(bytes);
  if (/\.json$/i.test(name)) return readJsonTensor(new TextDecoder().decode(bytes));
  if (/\.png$/i.test(name)) return readPng(bytes);
  throw invalid(`Inputs are .npy, .json or .png files, not "${name}".`);
}

function readPng(bytes: Uint8Array): Tensor {
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes);
  } catch (error) {
    throw invalid('This is not a PNG picture.', error);
  }
  const { width, height, channels, depth, palette } = png;
  if (palette || depth < 8)
    throw invalid('PNG pictures with a palette cannot be read: save it as RGB or grey.');
  const kept = channels >= 3 ? 3 : 1;
  const data = new Float32Array(kept * width * height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let channel = 0; channel < kept; channel += 1) {
      data[channel * width * height + pixel] = png.data[pixel * channels + channel] / (powerOfTwo(depth) - 1);
    }
  }
  return { shape: [kept, height, width], data };
}

/** A picture with the other number of channels: colours to luma (ITU-R BT.601), grey to three equal ones. */
function withChannels(tensor: Tensor, channels: number): Tensor {
  const [from, height, width] = tensor.shape;
  const size = height * width;
  if (tensor.shape.length !== 3 || from === channels) return tensor;
  if (from === 1 && channels === 3) {
    const data = new Float32Array(3 * size);
    for (let channel = 0; channel < 3; channel += 1) data.set(tensor.data, channel * size);
    return { shape: [3, height, width], data };
  }
  if (from !== 3 || channels !== 1) return tensor;
  const data = Float32Array.from(
    { length: size },
    (_, i) => 0.299 * tensor.data[i] + 0.587 * tensor.data[size + i] + 0.114 * tensor.data[2 * size + i],
  );
  return { shape: [1, height, width], data };
}

/** A smooth picture of `shape` in 0 to 1, the same on every machine, for who has no input: to be called made up. */
export function madeUpInput(shape: Shape): Float32Array {
  return Float32Array.from({ length: elementCount(shape) }, (_, i) => 0.5 + 0.5 * sin(i * 0.37));
}

/**
 * The inputs in `tensor` for a network that takes `shape`: one, or one an entry of its first axis.
 * @throws SealedError `invalid-argument` where they do not fit, or hold NaN or infinite numbers
 */
export function inputsFor(shape: Shape, tensor: Tensor): Float32Array[] {
  const size = elementCount(shape);
  const { data, shape: given } = withChannels(tensor, shape[0]);
  const count = data.length / size;
  if (!Number.isInteger(count) || count === 0 || (count > 1 && given[0] !== count)) {
    throw invalid(
      `An input of shape ${given.join('×')} does not fit a network that takes ${shape.join('×')}` +
        (given.length === 3 ? ': resize the picture.' : '.'),
    );
  }
  const problem = describeNumbers('the input', data);
  if (problem !== undefined) throw invalid(`${problem}: give finite numbers.`);
  return Array.from({ length: count }, (_, i) => data.slice(i * size, (i + 1) * size));
}
