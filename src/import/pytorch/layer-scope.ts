// One PyTorch layer being imported: its attributes with PyTorch's defaults, its tensors, one- and two-dimensional alike.
import { SealedError } from '../../base/errors.ts';
import type { Shape, Tensor, ValueId } from '../../model/graph.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { Pair } from '../windows.ts';
import type { Attribute, TorchLayer } from './modules.ts';

/** Adds one layer, and returns the value that it computes. */
export type LayerImporter = (scope: LayerScope) => ValueId;

/** A layer, the graph it is added to and the value it reads. */
export class LayerScope {
  readonly builder: GraphBuilder;
  readonly layer: TorchLayer;
  readonly input: ValueId;

  constructor(builder: GraphBuilder, layer: TorchLayer, input: ValueId) {
    this.builder = builder;
    this.layer = layer;
    this.input = input;
  }

  /** Shape of the input, without batch axis. */
  get shape(): Shape {
    return this.builder.shapeOf(this.input);
  }

  /** Whether the layer works on `[C, L]`. */
  get flat(): boolean {
    return this.layer.type.endsWith('1d');
  }

  number(name: string, otherwise: number): number {
    const value = this.#attribute(name) ?? otherwise;
    if (typeof value !== 'number') throw malformed(`its ${name} is no number.`);
    return value;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#attribute(name) ?? otherwise;
    return value === true || value === 1;
  }

  text(name: string, otherwise: string): string {
    const value = this.#attribute(name) ?? otherwise;
    if (typeof value !== 'string') throw malformed(`its ${name} is no text.`);
    return value;
  }

  /** Whether the attribute is there and not None. */
  has(name: string): boolean {
    return (this.#attribute(name) ?? null) !== null;
  }

  /** A number, or a tuple of numbers; undefined where it is not given or None. */
  numbers(name: string): number[] | undefined {
    const value = this.#attribute(name) ?? null;
    if (value === null) return undefined;
    const list = Array.isArray(value) ? (value as Attribute[]) : [value];
    if (!list.every((item) => typeof item === 'number')) throw malformed(`its ${name} are no numbers.`);
    return list;
  }

  /** `[vertical, horizontal]`; layers on signals have `otherwise` for the vertical one. */
  pair(name: string, otherwise: number | undefined): Pair {
    const values = this.numbers(name) ?? (otherwise === undefined ? undefined : [otherwise]);
    if (!values || values.length < 1 || values.length > 2) throw malformed(`its ${name} is missing.`);
    if (this.flat) return [otherwise ?? 1, values[0]];
    return [values[0], values[1] ?? values[0]];
  }

  /** A parameter or buffer. */
  tensor(name: string): Tensor {
    const tensor = this.optionalTensor(name);
    if (!tensor) throw malformed(`its ${name} is missing.`);
    return tensor;
  }

  optionalTensor(name: string): Tensor | undefined {
    return Object.hasOwn(this.layer.tensors, name) ? this.layer.tensors[name] : undefined;
  }

  /** A convolution's weight as four axes. */
  weight(): Tensor {
    const weight = this.tensor('weight');
    const [out, within, size] = weight.shape;
    return weight.shape.length === 3 ? { ...weight, shape: [out, within, 1, size] } : weight;
  }

  /** Runs `add` on the input as `[C, H, W]`, and drops the height again that signals were given. */
  onPlane(add: (x: ValueId) => ValueId): ValueId {
    const [channels, length] = this.shape;
    if (!this.flat || this.shape.length !== 2) return add(this.input);
    const result = add(this.builder.reshape(this.input, [channels, 1, length]));
    const shape = this.builder.shapeOf(result);
    return this.builder.reshape(result, [shape[0], shape[2]]);
  }

  #attribute(name: string): Attribute | undefined {
    return Object.hasOwn(this.layer.attributes, name) ? this.layer.attributes[name] : undefined;
  }
}

/** The error for a layer that contradicts itself. */
export function malformed(text: string): SealedError {
  return new SealedError('malformed-model', text, { stage: 'model' });
}

/** The error for a layer that cannot be had; `text` says what works instead. */
export function unsupported(text: string): SealedError {
  return new SealedError('unsupported-layer', text, { stage: 'model' });
}
