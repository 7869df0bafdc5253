// A list of layers on a session: each to be called by hand, and the whole list as one plan.
import { type Model, planModel, samplesOf } from '../app/network/model-plan.ts';
import { type ModelRunReport, runModel } from '../app/network/run-model.ts';
import type { NamedCard, Session } from '../app/session/session.ts';
import type { RunControls } from '../app/session/stages.ts';
import { SealedError } from '../base/errors.ts';
import type { LayerMark, Shape } from '../model/graph.ts';
import { requireBound } from '../protocol/binding.ts';
import type { NetworkOptions } from '../protocol/service.ts';
import { type EncryptedTensor, encryptedTensor, stateOf } from './encrypted-tensor.ts';

/** A layer of a list: called with what the one before it gave. */
export interface EncryptedLayer {
  /** @throws SealedError `invalid-argument` for a tensor that does not stand before this layer; `keys-gone` */
  (encrypted: EncryptedTensor): Promise<EncryptedTensor>;
  /** The file's type for it, such as `Conv2d`; `Refresh` where the client takes part. */
  readonly type: string;
  /** Shape of its result, without batch axis. */
  readonly shape: Shape;
}

/** A member of a list: one of the model's layers, or a place where the client refreshes. */
export type Member = { readonly mark: LayerMark } | 'refresh';

/** What the ranges and scales of a list are taken from: sample inputs, or the range of an input's values. */
export interface InputRanges {
  readonly calibration?: readonly Float32Array[] | undefined;
  readonly inputRange?: readonly [number, number] | undefined;
}

/** Several layers in order, encoded for a session's service. */
export class LayerList implements Iterable<EncryptedLayer> {
  readonly #session: Session;
  readonly #model: Model;
  readonly #members: readonly Member[];
  readonly #layers: readonly EncryptedLayer[];
  readonly #ranges: InputRanges;
  readonly #cards = new Map<number, Promise<NamedCard>>();

  /** @internal */
  constructor(session: Session, model: Model, members: readonly Member[], ranges: InputRanges) {
    if (!members.some((member) => member !== 'refresh')) throw invalid('There is no layer to run.');
    this.#session = session;
    this.#model = model;
    this.#members = members;
    this.#ranges = ranges;
    this.#layers = members.map((member, index) =>
      Object.assign((encrypted: EncryptedTensor) => this.#apply(index, encrypted), {
        type: member === 'refresh' ? 'Refresh' : member.mark.type,
        shape: this.#shapeAfter(index),
      }),
    );
  }

  /** Number of layers, refreshes among them. */
  get length(): number {
    return this.#layers.length;
  }

  /** Layer number `index`, from the end where that is negative. */
  at(index: number): EncryptedLayer | undefined {
    return this.#layers.at(index);
  }

  /** The layers in order. */
  [Symbol.iterator](): Iterator<EncryptedLayer> {
    return this.#layers[Symbol.iterator]();
  }

  /** Layers `from` up to but without `to`, as a list of its own. What was encrypted for one list is not for another. */
  slice(from = 0, to = this.length): LayerList {
    const members = this.#members.slice(from, to);
    // Ranges of a list's inputs say nothing of what its later layers get.
    return new LayerList(this.#session, this.#model, members, from === 0 ? this.#ranges : {});
  }

  /** Encrypts one input, in C order, for the first layer. */
  async encrypt(values: ArrayLike<number>): Promise<EncryptedTensor> {
    return await this.#encrypt(0, Float32Array.from(values), this.#shapeAfter(-1));
  }

  /** What `encrypted`, which a layer of this list gave, decrypts to: raw values, for their owner alone. */
  async decrypt(encrypted: EncryptedTensor): Promise<Float32Array> {
    const { made, keySet, frames } = this.#own(encrypted);
    if (!made) throw invalid('No layer has touched this yet: it holds what was encrypted.');
    const result = await this.#session.onClient(keySet, 'decrypt', {}, (client) =>
      client.decrypt(made.hash, frames, 1),
    );
    if (result.kind !== 'tensor') throw invalid('A layer gives no picture.');
    return result.values;
  }

  /** Runs the whole list on inputs, compiled as one plan, and beside it in the clear. */
  async run(inputs: readonly ArrayLike<number>[], controls: RunControls = {}): Promise<ModelRunReport> {
    const { kind: _, backend, ...options } = this.#options();
    const request = { ...options, model: this.#model, backend, batch: inputs.length };
    const values = inputs.map((input) => Float32Array.from(input));
    return await runModel(this.#session, { ...request, inputs: values }, controls);
  }

  /** The plan of the whole list, printed: one text for each stretch without the client. */
  async plans(): Promise<readonly string[]> {
    const { kind: _, ...options } = this.#options();
    const { explanation } = await planModel(this.#session, this.#model, options);
    return explanation.segments.map(({ plan }) => plan);
  }

  #options(): NetworkOptions {
    const { calibration = [], inputRange } = this.#ranges;
    const marks = this.#members.flatMap((member) => (member === 'refresh' ? [] : [member.mark]));
    const refresh = this.#members.flatMap((member, index) => {
      const before = this.#members[index - 1];
      return member === 'refresh' && before && before !== 'refresh' ? [before.mark.index] : [];
    });
    return {
      kind: 'network',
      backend: 'simd',
      layers: [marks[0].index, marks.at(-1).index],
      refresh,
      calibration: samplesOf(this.#model.graph, calibration),
      inputRange,
    };
  }

  #shapeAfter(index: number): Shape {
    const { graph } = this.#model;
    for (let at = index; at >= 0; at -= 1) {
      const member = this.#members[at];
      if (member !== 'refresh') return this.#shapeOf(member.mark);
    }
    const first = this.#members.find((member) => member !== 'refresh')!;
    const before = graph.layers!.findLast(({ index: other }) => other < first.mark.index);
    return before ? this.#shapeOf(before) : graph.input.shape;
  }

  #shapeOf({ output }: LayerMark): Shape {
    const { nodes, input } = this.#model.graph;
    return nodes.find(({ id }) => id === output)?.shape ?? input.shape;
  }

  /** Whether a layer computes nothing: it only gives its values another shape. */
  #isReshape(index: number): boolean {
    const member = this.#members[index];
    if (member === 'refresh') return false;
    const { nodes, layers } = this.#model.graph;
    const { mark } = member;
    const before = layers!.findLast(({ index: other }) => other < mark.index)?.output;
    for (let id = mark.output; id !== before;) {
      const node = nodes.find((candidate) => candidate.id === id);
      if (!node) return true;
      if (node.op !== 'reshape') return false;
      [id] = node.inputs;
    }
    return true;
  }

  /** The card of the layer at or after `index` that computes something; undefined at the end. */
  async #cardFrom(index: number): Promise<NamedCard | undefined> {
    for (let at = index; at < this.#members.length; at += 1) {
      const member = this.#members[at];
      if (member === 'refresh' || this.#isReshape(at)) continue;
      let card = this.#cards.get(at);
      if (!card) this.#cards.set(at, (card = this.#cardOf(member.mark.index)));
      return await card;
    }
    return undefined;
  }

  async #cardOf(single: number): Promise<NamedCard> {
    const { id } = await this.#session.load(this.#model.file);
    return await this.#session.card(id, { ...this.#options(), single });
  }

  #own(encrypted: EncryptedTensor): NonNullable<ReturnType<typeof stateOf>> {
    const state = stateOf(encrypted);
    if (state?.list === this) return state;
    throw invalid('This was encrypted for another list of layers.');
  }

  async #encrypt(passed: number, values: Float32Array, shape: Shape): Promise<EncryptedTensor> {
    const card = await this.#cardFrom(passed);
    if (!card) throw invalid('No layer follows that computes anything.');
    const { keySet } = await this.#session.prepareKeys(card);
    const { frames } = await this.#session.onClient(keySet, 'encrypt', {}, (client) =>
      client.encrypt(card.hash, values),
    );
    const { level, scale } = card.card.segments[0].input;
    const state = { list: this, passed, keySet, frames, made: undefined };
    return encryptedTensor({ shape, level, scale, noiseBound: undefined, evaluateMs: 0 }, state);
  }

  async #apply(index: number, encrypted: EncryptedTensor): Promise<EncryptedTensor> {
    const state = this.#own(encrypted);
    if (state.passed !== index) {
      throw invalid(
        `Layer ${index} takes what stands before it; this has passed ${state.passed} of the list's layers.`,
      );
    }
    const passed = index + 1;
    const shape = this.#shapeAfter(index);
    if (this.#isReshape(index)) return encryptedTensor({ ...encrypted, shape }, { ...state, passed });
    if (this.#members[index] === 'refresh') {
      // Before any layer, or after the last, there is nothing to be won.
      if (!state.made || !(await this.#cardFrom(passed)))
        return encryptedTensor(encrypted, { ...state, passed });
      return await this.#encrypt(passed, await this.decrypt(encrypted), shape);
    }
    const card = (await this.#cardFrom(index))!;
    const { keySet } = await this.#session.prepareKeys(card);
    if (keySet !== state.keySet)
      throw new SealedError('keys-gone', 'The keys of this tensor are gone: encrypt again.', {
        stage: 'server',
      });
    const request = { card, segment: 0, keySet, run: crypto.randomUUID(), frames: state.frames };
    const { frames, evaluateMs, binding, asked } = await this.#session.evaluate(request, {});
    requireBound(binding, asked, card.card);
    const { level, scale } = card.card.segments[0].output;
    const noiseBound = card.card.expected.errorBound;
    return encryptedTensor(
      { shape, level, scale, noiseBound, evaluateMs },
      { list: this, passed, keySet, frames, made: card },
    );
  }
}

function invalid(message: string): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'input' });
}
