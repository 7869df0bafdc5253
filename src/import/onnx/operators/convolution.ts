// ONNX Conv and ConvTranspose, one- and two-dimensional, with auto_pad.
import { printable } from '../../file-text.ts';
import { addConvolution, addTransposedConvolution } from '../../windows.ts';
import type { Pads, Pair, Window } from '../../windows.ts';
import type { Scope } from '../scope.ts';
import { malformed, unsupported } from '../values.ts';
import type { Data, Value } from '../values.ts';

/** A sample as `[C, H, W]`: one-dimensional signals get a height of 1. */
export interface Planar {
  readonly data: Data;
  /** Whether the sample was `[C, L]`. */
  readonly flat: boolean;
}

/** The first input as `[C, H, W]`. */
export function planar(scope: Scope, value: Data): Planar {
  const sample = scope.sample(value);
  const shape = scope.shapeOf(sample);
  if (shape.length === 3) return { data: sample, flat: false };
  if (shape.length !== 2) {
    throw unsupported(
      `its input has ${Math.max(shape.length - 1, 0)} spatial axes: one or two are supported.`,
    );
  }
  return { data: scope.reshape(sample, [sample.dims[0], shape[0], 1, shape[1]]), flat: true };
}

/** A graph node's `[C, H, W]` as the value ONNX expects: without the height that {@link planar} added. */
export function unplanar(scope: Scope, id: string, like: Planar): Data {
  const data = scope.wrap(id, like.data);
  return like.flat ? scope.reshape(data, [data.dims[0], data.dims[1], data.dims[3]]) : data;
}

/** `[vertical, horizontal]` from an attribute of one or two numbers. */
export function pair(values: readonly number[] | undefined, otherwise: number, flat: boolean): Pair {
  if (!values) return [otherwise, otherwise];
  if (flat && values.length === 1) return [otherwise, values[0]];
  if (!flat && values.length === 2) return [values[0], values[1]];
  throw malformed(`a window attribute has ${values.length} numbers.`);
}

/** Kernel, strides, pads and dilations from ONNX's attributes, auto_pad resolved for an input of `[C, H, W]`. */
export function readWindow(scope: Scope, kernel: Pair, x: Planar): Window {
  const { flat } = x;
  const strides = pair(scope.ints('strides'), 1, flat);
  const dilations = pair(scope.ints('dilations'), 1, flat);
  const ceilMode = scope.int('ceil_mode', 0) === 1;
  const autoPad = scope.string('auto_pad', 'NOTSET');
  if (autoPad === 'VALID') return { kernel, strides, dilations, pads: [0, 0, 0, 0], ceilMode };
  if (autoPad === 'NOTSET' || autoPad === '') {
    return { kernel, strides, dilations, pads: explicitPads(scope, flat), ceilMode };
  }
  if (autoPad !== 'SAME_UPPER' && autoPad !== 'SAME_LOWER')
    throw malformed(`auto_pad is '${printable(autoPad)}'.`);
  const shape = scope.shapeOf(x.data);
  const split = (axis: 0 | 1): Pair => {
    const size = shape[1 + axis];
    const extent = (kernel[axis] - 1) * dilations[axis] + 1;
    return halves(
      Math.max((Math.ceil(size / strides[axis]) - 1) * strides[axis] + extent - size, 0),
      autoPad,
    );
  };
  const [vertical, horizontal] = [split(0), split(1)];
  return { kernel, strides, dilations, pads: [vertical[0], horizontal[0], vertical[1], horizontal[1]] };
}

/** Conv: https://onnx.ai/onnx/operators/onnx__Conv.html */
export function conv(scope: Scope): Value {
  const x = planar(scope, scope.data());
  const { weight, bias, kernel } = readWeights(scope, x);
  const groups = scope.int('group', 1);
  const window = readWindow(scope, kernel, x);
  const id = addConvolution(scope.builder, x.data.id, { ...window, weight, ...(bias && { bias }), groups });
  return unplanar(scope, id, x);
}

/** ConvTranspose: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html */
export function convTranspose(scope: Scope): Value {
  const x = planar(scope, scope.data());
  const { weight, bias, kernel } = readWeights(scope, x);
  const strides = pair(scope.ints('strides'), 1, x.flat);
  const dilations = pair(scope.ints('dilations'), 1, x.flat);
  const outputPadding = pair(scope.ints('output_padding'), 0, x.flat);
  const options = {
    weight,
    ...(bias && { bias }),
    kernel,
    strides,
    dilations,
    groups: scope.int('group', 1),
  };
  const autoPad = scope.string('auto_pad', 'NOTSET');
  const shape = scope.shapeOf(x.data);
  const wanted = scope.ints('output_shape');
  const same = autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER';
  let pads: Pads = autoPad === 'NOTSET' || autoPad === '' ? explicitPads(scope, x.flat) : [0, 0, 0, 0];
  let extra = outputPadding;
  if (wanted || same) {
    // output_shape may or may not hold batch and channels: the last axes are the spatial ones.
    const target = wanted
      ? pair(wanted.slice(x.flat ? -1 : -2), 1, x.flat)
      : ([shape[1] * strides[0], shape[2] * strides[1]] as const);
    const total = (axis: 0 | 1): number =>
      (shape[1 + axis] - 1) * strides[axis] +
      outputPadding[axis] +
      (kernel[axis] - 1) * dilations[axis] +
      1 -
      target[axis];
    // The specification gives the odd pad to the start unless SAME_UPPER asks otherwise.
    const style = autoPad === 'SAME_UPPER' ? 'SAME_UPPER' : 'SAME_LOWER';
    const [vertical, horizontal] = [
      halves(Math.max(total(0), 0), style),
      halves(Math.max(total(1), 0), style),
    ];
    pads = [vertical[0], horizontal[0], vertical[1], horizontal[1]];
    extra = [outputPadding[0] + Math.max(-total(0), 0), outputPadding[1] + Math.max(-total(1), 0)];
  }
  const id = addTransposedConvolution(scope.builder, x.data.id, { ...options, pads, outputPadding: extra });
  return unplanar(scope, id, x);
}

/** Explicit `pads`, `[begin…, end…]` in ONNX. */
function explicitPads(scope: Scope, flat: boolean): Pads {
  const pads = scope.ints('pads');
  if (!pads) return [0, 0, 0, 0];
  if (flat && pads.length === 2) return [0, pads[0], 0, pads[1]];
  if (!flat && pads.length === 4) return [pads[0], pads[1], pads[2], pads[3]];
  throw malformed(`pads has ${pads.length} numbers.`);
}

function halves(total: number, style: 'SAME_UPPER' | 'SAME_LOWER'): Pair {
  const small = Math.floor(total / 2);
  return style === 'SAME_UPPER' ? [small, total - small] : [total - small, small];
}

/** Constant weight as four axes, constant bias, and the kernel's size. */
function readWeights(scope: Scope, x: Planar) {
  const weight = scope.constant(1, 'weight');
  if (weight.dims.length !== (x.flat ? 3 : 4)) throw malformed(`its weight has ${weight.dims.length} axes.`);
  const dims = x.flat ? [weight.dims[0], weight.dims[1], 1, weight.dims[2]] : weight.dims;
  const kernel: Pair = [dims[2], dims[3]];
  const stated = scope.ints('kernel_shape');
  if (stated && pair(stated, 1, x.flat).some((size, axis) => size !== kernel[axis])) {
    throw malformed(`kernel_shape is [${stated.join(', ')}], the weight says [${kernel.join(', ')}].`);
  }
  const bias = scope.optionalConstant(2, 'bias');
  return {
    weight: scope.toTensor(weight, dims),
    bias: bias && scope.toTensor(bias, [bias.data.length]),
    kernel,
  };
}
