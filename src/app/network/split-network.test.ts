// A network cut in two gives what the whole gives; skips are found, and no cut goes across one.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../import/import-model.ts';
import { executeGraph } from '../../model/execute.ts';
import { elementCount, type Graph, type Node } from '../../model/graph.ts';
import { selectLayers } from '../../model/layer-range.ts';
import { layersOf } from './model-layers.ts';
import type { ModelRunReport } from './run-model.ts';
import { cutsOf, finishAtClient, serverLayers, skipsOf } from './split-network.ts';

const digits = importModel(readFileSync(new URL('../../../public/models/digits.onnx', import.meta.url)));

/** x → a → b → a + b → c. */
function residual(): Graph {
  const relu = { op: 'activation', function: { kind: 'relu' } } as const;
  const nodes: Node[] = [
    { id: 'a', inputs: ['x'], shape: [4], ...relu },
    { id: 'b', inputs: ['a'], shape: [4], ...relu },
    { id: 'sum', inputs: ['a', 'b'], shape: [4], op: 'add' },
    { id: 'c', inputs: ['sum'], shape: [4], ...relu },
  ];
  const layers = nodes.map(({ id, op }, i) => ({ index: i + 3, name: id, type: op, output: id }));
  return { name: 'residual', input: { id: 'x', shape: [4] }, nodes, output: 'c', layers };
}

describe('cuts', () => {
  it('are wherever no value passes over', () => {
    expect(skipsOf(digits)).toEqual([]);
    expect(cutsOf(digits)).toEqual(
      layersOf(digits)
        .map((_, place) => place)
        .slice(0, -1),
    );
    expect(skipsOf(residual())).toEqual([{ from: 0, to: 2 }]);
    expect(cutsOf(residual())).toEqual([0, 2]);
  });

  it('name the layers of the file that stay with the server', () => {
    expect(serverLayers(residual(), 2)).toEqual([3, 5]);
  });

  it('see a skip from the input', () => {
    const graph = residual();
    const nodes = graph.nodes.map((node): Node =>
      node.id === 'sum' ? { ...node, inputs: ['x', 'b'] } : node,
    );
    expect(skipsOf({ ...graph, nodes })).toEqual([{ from: -1, to: 2 }]);
    expect(cutsOf({ ...graph, nodes })).toEqual([2]);
  });
});

describe('the client’s layers', () => {
  it('make of the server’s outputs what the whole network makes, after every layer', () => {
    const { shape } = digits.input;
    const data = Float32Array.from({ length: elementCount(shape) }, (_, i) => ((i * 7) % 11) / 10);
    const expected = [...executeGraph(digits, { shape, data }).data];
    for (const place of cutsOf(digits)) {
      const first = selectLayers(digits, ...serverLayers(digits, place));
      const clear = [...executeGraph(first, { shape, data }).data];
      const report = {
        outputs: [clear.map((x) => x + 1e-4)],
        clearOutputs: [clear],
      } as unknown as ModelRunReport;
      const whole = finishAtClient(digits, place, report);
      whole.clearOutputs[0].forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
      expect(whole.outputShape).toEqual([10]);
      expect(whole.maxAbsError).toBeGreaterThan(0);
      expect(whole.maxAbsError).toBeLessThan(0.1);
    }
  });
});
