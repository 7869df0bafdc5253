// A network cut in two: the service computes the layers up to the cut on ciphertext, the client the rest, in the clear.
import { executeGraph } from '../../model/execute.ts';
import type { Graph, ValueId } from '../../model/graph.ts';
import { selectLayers } from '../../model/layer-range.ts';
import { layersOf } from './model-layers.ts';
import { compareOutputs, type ModelRunReport } from './run-model.ts';

/** A value that passes over layers: from what one of them makes (−1: the input) to a later one that reads it. */
export interface Skip {
  /** Places among {@link layersOf}, not the file's numbers. */
  readonly from: number;
  readonly to: number;
}

/** The skips of `graph`, each once. */
export function skipsOf(graph: Graph): Skip[] {
  const layers = layersOf(graph);
  const position = new Map(graph.nodes.map(({ id }, at) => [id, at]));
  const marks = graph.layers ?? graph.nodes.map(({ id }) => ({ output: id }));
  const madeBy = new Map<ValueId, number>([[graph.input.id, -1]]);
  const found = new Map<string, Skip>();
  let from = 0;
  for (const place of layers.keys()) {
    const end = Math.max(from, (position.get(marks[place].output) ?? -1) + 1);
    for (const { id, inputs } of graph.nodes.slice(from, end)) {
      madeBy.set(id, place);
      for (const input of inputs) {
        const source = madeBy.get(input) ?? place;
        if (source < place - 1) found.set(`${source} ${place}`, { from: source, to: place });
      }
    }
    from = end;
  }
  return [...found.values()];
}

/** Places after which a network can be cut: those that no skip passes over, but the last. */
export function cutsOf(graph: Graph): number[] {
  const skips = skipsOf(graph);
  const count = layersOf(graph).length;
  return Array.from({ length: Math.max(0, count - 1) }, (_, place) => place).filter(
    (place) => !skips.some(({ from, to }) => from < place && place < to),
  );
}

/** First and last of the file's layers up to the one at `place`. */
export function serverLayers(graph: Graph, place: number): readonly [number, number] {
  const layers = layersOf(graph);
  return [layers[0].index, layers[place].index];
}

/** `report` of a run up to the layer at `place`, with the client's layers computed on its outputs. */
export function finishAtClient(graph: Graph, place: number, report: ModelRunReport): ModelRunReport {
  const layers = layersOf(graph);
  const rest = selectLayers(graph, layers[place + 1].index, layers[layers.length - 1].index);
  const finish = (outputs: ModelRunReport['outputs']): Float32Array[] =>
    outputs.map((values) => {
      const data = Float32Array.from(values);
      return executeGraph(rest, { shape: rest.input.shape, data }).data;
    });
  const [outputs, clearOutputs] = [finish(report.outputs), finish(report.clearOutputs)];
  return {
    ...report,
    ...compareOutputs(outputs, clearOutputs),
    outputs: outputs.map((values) => [...values]),
    clearOutputs: clearOutputs.map((values) => [...values]),
    outputShape: layers[layers.length - 1].shape,
  };
}
