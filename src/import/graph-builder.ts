// Puts a graph together node by node: unique names, bounded sizes, dead nodes dropped. Shared by all importers.
import { SealedError } from '../base/errors.ts';
import { elementCount } from '../model/graph.ts';
import type { Graph, LayerMark, Node, Operation, Shape, Tensor, ValueId } from '../model/graph.ts';
import { describeNonFinite } from './non-finite.ts';

/** Most elements one value may have. Far above what fits encrypted; keeps hostile files from asking for more. */
export const MAX_ELEMENTS = 2 ** 25;

/** Most elements all constants made by an import may have together. */
const CONSTANT_BUDGET = 2 ** 26;

/** Longest axis that index lists are made for. */
const MAX_AXIS = 2 ** 22;

/** Most nodes a graph may have: as many as are planned. */
const MAX_NODES = 2 ** 12;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The layer of the file that nodes are made for, as errors name it. */
export interface LayerOrigin {
  /** `Node 'y', Gemm` */
  readonly label: string;
  readonly detail: Readonly<Record<string, string>>;
  /** Where NaN or infinite numbers of its come from, as a sentence, if that is known. */
  readonly cause?: string | undefined;
}

/** A graph in the making. */
export class GraphBuilder {
  readonly #name: string;
  readonly #input: { readonly id: ValueId; readonly shape: Shape };
  readonly #nodes: Mutable<Node>[] = [];
  readonly #layers: LayerMark[] = [];
  readonly #byId = new Map<ValueId, Mutable<Node>>();
  readonly #origins = new Map<Node, LayerOrigin>();
  #origin: LayerOrigin | undefined;
  #constantElements = 0;
  #names = 0;

  /** @throws SealedError `malformed-model` for an impossible input shape. */
  constructor(name: string, inputId: ValueId, inputShape: Shape) {
    checkShape(inputShape, `input '${inputId}'`);
    this.#name = name;
    this.#input = { id: inputId, shape: inputShape };
  }

  /** Shape of the input or of a node's output. */
  shapeOf(id: ValueId): Shape {
    return id === this.#input.id ? this.#input.shape : this.#need(id).shape;
  }

  /** The node that computes `id`; undefined for the graph's input. */
  nodeOf(id: ValueId): Node | undefined {
    return this.#byId.get(id);
  }

  /** How many nodes there are: a mark for {@link rename}. */
  get size(): number {
    return this.#nodes.length;
  }

  /** Nodes from now on are made for `origin`. */
  begin(origin: LayerOrigin): void {
    this.#origin = origin;
  }

  /**
   * Appends a node and returns its id, which is made from `hint` and unique.
   * @throws SealedError `malformed-model` for an impossible or oversized shape, `does-not-fit` for too many nodes.
   */
  add(operation: Operation, inputs: readonly ValueId[], shape: Shape, hint: string = operation.op): ValueId {
    if (this.#nodes.length >= MAX_NODES) {
      throw new SealedError(
        'does-not-fit',
        `The model has more than ${MAX_NODES} layers. Fold its constants before exporting it, or write what repeats as one layer.`,
        { stage: 'model', detail: { layers: MAX_NODES } },
      );
    }
    checkShape(shape, `the output of '${hint}'`);
    for (const input of inputs) this.shapeOf(input);
    if (operation.op === 'resizeNearest')
      this.spendConstants(operation.rows.length + operation.columns.length);
    const id = this.#taken(hint) ? this.#unique(hint) : hint;
    const node = { id, inputs, shape, ...operation } as Mutable<Node>;
    this.#nodes.push(node);
    if (this.#origin) this.#origins.set(node, this.#origin);
    this.#byId.set(id, node);
    return id;
  }

  /** The value under another shape of as many elements; the value itself where the shape is its own. */
  reshape(id: ValueId, shape: Shape, hint?: string): ValueId {
    const own = this.shapeOf(id);
    if (own.length === shape.length && own.every((size, axis) => size === shape[axis])) return id;
    if (elementCount(own) !== elementCount(shape)) {
      throw new SealedError(
        'malformed-model',
        `${own.join('×')} values cannot take the shape ${shape.join('×')}.`,
        {
          stage: 'model',
        },
      );
    }
    return this.add({ op: 'reshape' }, [id], shape, hint);
  }

  /**
   * Elements along `axis` picked by index: `indices[i]` of the input becomes `i` of the output. Written as a
   * nearest-neighbour resize between two reshapes, so that a gather needs no operation of its own.
   */
  gatherAxis(id: ValueId, axis: number, indices: readonly number[]): ValueId {
    const shape = this.shapeOf(id);
    const before = elementCount(shape.slice(0, axis));
    const after = elementCount(shape.slice(axis + 1));
    const flat = this.reshape(id, [before, shape[axis], after]);
    this.spendConstants(after);
    const columns = countUp(after);
    const picked = this.add(
      { op: 'resizeNearest', rows: indices, columns },
      [flat],
      [before, indices.length, after],
    );
    return this.reshape(picked, [...shape.slice(0, axis), indices.length, ...shape.slice(axis + 1)]);
  }

  /**
   * Elements picked along several axes: `picks[axis]` lists input indices, undefined keeps an axis. Height and width of
   * `[C, H, W]` go in one node.
   */
  pick(id: ValueId, picks: readonly (readonly number[] | undefined)[]): ValueId {
    const shape = this.shapeOf(id);
    if (shape.length === 3 && !picks[0] && (picks[1] || picks[2])) {
      const rows = picks[1] ?? countUp(shape[1]);
      const columns = picks[2] ?? countUp(shape[2]);
      return this.add({ op: 'resizeNearest', rows, columns }, [id], [shape[0], rows.length, columns.length]);
    }
    return picks.reduce<ValueId>(
      (from, indices, axis) => (indices ? this.gatherAxis(from, axis, indices) : from),
      id,
    );
  }

  /**
   * Counts `elements` of constants about to be made.
   * @throws SealedError `malformed-model` when an import asks for more than its budget.
   */
  spendConstants(elements: number): void {
    this.#constantElements += elements;
    if (!(this.#constantElements <= CONSTANT_BUDGET)) {
      throw new SealedError(
        'malformed-model',
        `The model asks for more than ${CONSTANT_BUDGET} constant values.`,
        {
          stage: 'model',
        },
      );
    }
  }

  /** A float32 tensor of `values` in C order, counted against the budget. */
  tensor(shape: Shape, values: ArrayLike<number>): Tensor {
    this.spendConstants(values.length);
    return { shape, data: values instanceof Float32Array ? values : Float32Array.from(values) };
  }

  /**
   * Gives the node `id`, made at or after `mark`, the name `wanted` if that is free. Only nodes made since `mark` may use
   * it yet. Returns the id it then has.
   */
  rename(id: ValueId, wanted: ValueId, mark: number): ValueId {
    const node = this.#byId.get(id);
    if (!node || id === wanted || this.#taken(wanted)) return id;
    const recent = this.#nodes.slice(mark);
    if (!recent.includes(node)) return id;
    for (const other of recent) other.inputs = other.inputs.map((input) => (input === id ? wanted : input));
    node.id = wanted;
    this.#byId.delete(id);
    this.#byId.set(wanted, node);
    return wanted;
  }

  /** Records that layer `index` of the file computes `output`. */
  mark(layer: LayerMark): void {
    this.#layers.push(layer);
  }

  /**
   * The graph that computes `output`, without the nodes it does not need.
   * @throws SealedError `malformed-model` naming a layer that computes with NaN or infinite numbers
   */
  finish(output: ValueId): Graph {
    this.shapeOf(output);
    const needed = new Set<ValueId>([output, this.#input.id]);
    for (const node of this.#nodes.toReversed()) {
      if (needed.has(node.id)) for (const input of node.inputs) needed.add(input);
    }
    const nodes = this.#nodes.filter((node) => needed.has(node.id));
    for (const node of nodes) this.#checkFinite(node);
    const layers = this.#layers.filter((layer) => needed.has(layer.output));
    return { name: this.#name, input: this.#input, nodes, output, layers };
  }

  #checkFinite(node: Node): void {
    const problem = describeNonFinite(node);
    if (problem === undefined) return;
    const {
      label,
      detail,
      cause = '',
    } = this.#origins.get(node) ?? { label: `Layer '${node.id}'`, detail: {} };
    throw new SealedError(
      'malformed-model',
      `${label}: ${problem}.${cause} Nothing can be computed with that: mend the training or the export it comes from.`,
      { stage: 'model', detail },
    );
  }

  #taken(id: ValueId): boolean {
    return id === this.#input.id || this.#byId.has(id);
  }

  #unique(hint: string): ValueId {
    for (;;) {
      const id = `${hint}~${++this.#names}`;
      if (!this.#taken(id)) return id;
    }
  }

  #need(id: ValueId): Node {
    const node = this.#byId.get(id);
    if (!node)
      throw new SealedError('malformed-model', `The value '${id}' is never computed.`, { stage: 'model' });
    return node;
  }
}

/**
 * `0, 1, …, count − 1`.
 * @throws SealedError `malformed-model` for counts no axis may have.
 */
export function countUp(count: number): number[] {
  if (!(count >= 0 && count <= MAX_AXIS)) {
    throw new SealedError('malformed-model', `An axis of ${count} is too long.`, { stage: 'model' });
  }
  return Array.from({ length: count }, (_, i) => i);
}

function checkShape(shape: Shape, what: string): void {
  const sound = shape.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!sound || shape.length > 16) {
    throw new SealedError(
      'malformed-model',
      `Impossible shape [${shape.slice(0, 16).join(', ')}] for ${what}.`,
      {
        stage: 'model',
      },
    );
  }
  if (!(elementCount(shape) <= MAX_ELEMENTS)) {
    throw new SealedError(
      'malformed-model',
      `${shape.join('×')} is too large for ${what}: more than ${MAX_ELEMENTS} values.`,
      {
        stage: 'model',
      },
    );
  }
}
