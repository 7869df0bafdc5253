// One layer's plan by itself, cut out of the plan of the whole list: for those who call layers one by one.
import { SealedError } from '../../base/errors.ts';
import type { Graph, LayerMark } from '../../model/graph.ts';
import { selectLayers } from '../../model/layer-range.ts';
import { type Plan, stageOutputs } from '../../plan/plan.ts';
import { verifyPlan } from '../../plan/verify.ts';
import type { CompiledForm, FormSegment } from '../form.ts';
import { diagonalBytesOf, type Prediction } from '../predict.ts';
import { answerWireBytes, inputWireBytes, keysOf, keyWireBytes, sumOverKeys } from '../../plan/sizes.ts';
import { countOperations, predictMs } from '../../plan/counts.ts';
import { compileNetwork, type NetworkOptions, type NetworkSegment } from './compile-network.ts';
import { endsOf, orderedSources } from './compile-segment.ts';

/** A layer's plan, and what its result may be off by, counted from where its segment began. */
export interface SingleLayer {
  /** The layer alone. */
  readonly graph: Graph;
  readonly compiled: CompiledForm;
  readonly errorBound: number;
}

/** The stages of `segment` that compute a layer: from the end of those before it to the last that names it. */
interface Piece {
  readonly segment: NetworkSegment;
  readonly from: number;
  readonly to: number;
}

// Layers that are not composed hold more weights, of which one layer's are loaded at a time.
const LIST_BYTES = 4e9;

function refused(layer: LayerMark, why: string): SealedError {
  return new SealedError(
    'unsupported-layer',
    `Layer ${layer.index} (${layer.type}) cannot be called by itself: ${why}`,
    { stage: 'compile', detail: { layer: layer.index } },
  );
}

/**
 * Compiles `graph` so that every layer stands by itself, and gives out the plan of layer `index` alone. It takes the
 * ciphertexts that the layer before it left, at their level, scale and layout; the first one takes what the client packs for
 * it. Plans of one list fit together; they share parameters, hence keys.
 * @throws SealedError `unsupported-layer` for a layer of the client's, one that computes nothing, or one that a skip
 *   connection passes over; `invalid-argument` for one that is not there; what compiling the list throws
 */
export function compileSingle(graph: Graph, index: number, options: NetworkOptions): SingleLayer {
  const { layers: range } = options;
  const selected = range ? selectLayers(graph, ...range) : graph;
  const alone = selectLayers(selected, index, index);
  const marks = selected.layers ?? [];
  const segments = segmentsOf(graph, marks, options);
  const layer = marks.find((mark) => mark.index === index)!;
  const piece = pieceOf(segments, layer, marks);
  const segment = cutOut(piece, alone, layer, options);
  const result = { kind: 'tensor', shape: segment.card.output.layout.shape } as const;
  return {
    graph: alone,
    compiled: { form: 'general', segments: [segment], result },
    errorBound:
      piece.segment.prediction.stages[piece.to - 1].errorBound + piece.segment.prediction.approximationError,
  };
}

/** The last list of each graph: its layers are asked for one after the other. */
const compiledLists = new WeakMap<
  Graph,
  { readonly name: string; readonly segments: readonly NetworkSegment[] }
>();

/** `graph` compiled so that it can be cut after each of `marks`. */
function segmentsOf(
  graph: Graph,
  marks: readonly LayerMark[],
  options: NetworkOptions,
): readonly NetworkSegment[] {
  const { batch, layers, refresh, clientOps, tolerance, calibration, parameters } = options;
  const given = parameters && [parameters.polyModulusDegree, parameters.coeffModulusBits];
  const samples = calibration?.map(({ data }) => [...data]);
  const name = JSON.stringify([batch, layers, refresh, clientOps, tolerance, samples, given, options.costs]);
  const known = compiledLists.get(graph);
  if (known?.name === name) return known.segments;
  const seams = new Set(marks.map(({ output }) => output));
  const { segments } = compileNetwork(graph, { memoryBytes: LIST_BYTES, ...options, seams });
  compiledLists.set(graph, { name, segments });
  return segments;
}

function pieceOf(segments: readonly NetworkSegment[], layer: LayerMark, marks: readonly LayerMark[]): Piece {
  const endIn = ({ plan }: NetworkSegment, { output }: LayerMark): number =>
    plan.stages.findLastIndex(({ layers }) => layers.includes(output)) + 1;
  const segment = segments.find((candidate) => endIn(candidate, layer) > 0);
  if (!segment) {
    const isClients = segments.some(({ client }) => client?.nodes.some(({ id }) => id === layer.output));
    throw refused(
      layer,
      isClients ? 'the client computes it.' : 'it only moves elements, which costs nothing.',
    );
  }
  const before = marks.slice(0, marks.indexOf(layer)).map((mark) => endIn(segment, mark));
  // What follows the last layer that names stages, a fold for example, belongs to it.
  const isLast = marks.slice(marks.indexOf(layer) + 1).every((mark) => endIn(segment, mark) === 0);
  const to = isLast ? segment.plan.stages.length : endIn(segment, layer);
  return { segment, from: Math.max(0, ...before), to };
}

/** The plan of `piece` with its card: the layouts at its ends are those of the whole plan there. */
function cutOut(
  { segment, from, to }: Piece,
  graph: Graph,
  layer: LayerMark,
  { costs }: NetworkOptions,
): FormSegment {
  const { plan: whole, card, seams, prediction } = segment;
  const { parameters } = whole;
  const seamAt = (stages: number) => {
    const seam = seams.find((candidate) => candidate.stages === stages);
    if (!seam) throw refused(layer, 'a skip connection passes over one of its ends.');
    return seam.layout;
  };
  const { batch, slots } = card.input.layout;
  const stages = whole.stages.slice(from, to);
  const plan: Plan = verifyPlan({
    name: graph.name,
    parameters,
    inputCount: from === 0 ? whole.inputCount : stageOutputs(whole.stages[from - 1]),
    inputScale: stages[0].inScale,
    inputLevel: stages[0].level,
    stages,
  });
  const sources = from === 0 ? card.input.layout.sources : orderedSources(seamAt(from), slots / batch);
  const output = to === whole.stages.length ? card.output.layout : seamAt(to);
  const ends = endsOf(graph, plan, batch, sources, output);
  const own: Prediction = {
    ...prediction,
    levels: ends.input.level - ends.output.level,
    inputCiphertexts: ends.input.count,
    outputCiphertexts: ends.output.count,
    counts: countOperations(plan),
    rotationKeys: ends.rotationSteps.length,
    keyBytes: sumOverKeys(keysOf([plan]), (level) => keyWireBytes(parameters, level)),
    inputBytes: ends.input.count * inputWireBytes(parameters, ends.input.level),
    outputBytes: ends.output.count * answerWireBytes(parameters, ends.output.level),
    diagonalBytes: diagonalBytesOf(plan),
    evaluateMs: predictMs(plan, costs),
    errorBound: prediction.stages[to - 1].errorBound,
    stages: prediction.stages.slice(from, to),
  };
  const fits = segment.fits.filter(({ layer: id }) => graph.nodes.some((node) => node.id === id));
  return {
    plan,
    card: ends,
    graph,
    client: undefined,
    kept: 0,
    outputs: [{ id: graph.output }],
    fits,
    prediction: own,
    layouts: [],
  };
}
