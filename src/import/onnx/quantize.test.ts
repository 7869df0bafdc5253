// Quantised networks: QONNX's Quant by its definition, QDQ folded to one layer, whole-number inputs, and the server's share.
import { describe, expect, it } from 'vitest';
import { Dice } from '../../../fixtures/onnx-cases/dice.ts';
import { Draft } from '../../../fixtures/onnx-cases/draft.ts';
import { modelOf } from '../../../fixtures/onnx-cases/index.ts';
import { QUANT_CASES } from '../../../fixtures/onnx-cases/quantised.ts';
import { FAST_COSTS, runClear, runNetwork } from '../../../fixtures/run-network.ts';
import { compileNetwork } from '../../compiler/general/compile-network.ts';
import { executeGraph } from '../../model/execute.ts';
import { importOnnx } from './import-onnx.ts';

describe('Quant', () => {
  it.each(QUANT_CASES.map((one) => [one.variant, one] as const))('%s', (_, one) => {
    const draft = modelOf(one);
    const graph = importOnnx(draft.bytes());
    const data = Float32Array.from(draft.dice.floats(120, 2));
    const result = executeGraph(graph, { shape: graph.input.shape, data }).data;
    const worst = data.reduce((most, x, i) => Math.max(most, Math.abs(one.expected(x) - result[i])), 0);
    expect(worst).toBeLessThan(1e-6);
  });

  it('of another rounding is refused by name', () => {
    const draft = new Draft(new Dice(1), [4]);
    const given = [draft.number(0.1), draft.number(0), draft.number(4)];
    draft.last = draft.node('Quant', ['x', ...given], { rounding_mode: 'DITHER' }, 'qonnx.custom_op.general');
    expect(() => importOnnx(draft.bytes())).toThrow(/Node 'v0', Quant: rounding_mode 'DITHER'.*ROUND/);
  });
});

/** A dense layer of int8 weights between values that are quantised to uint8. */
function qdqNetwork(): Draft {
  const draft = new Draft(new Dice(3), [8]);
  const [scale, zero] = [draft.number(1 / 64), draft.given([], [128], 'uint8')];
  const quantised = (x: string): string =>
    draft.node('DequantizeLinear', [draft.node('QuantizeLinear', [x, scale, zero]), scale, zero]);
  const data = Array.from({ length: 32 }, () => draft.dice.int(256) - 128);
  const weight = draft.node('DequantizeLinear', [draft.given([8, 4], data, 'int8'), draft.number(0.005)]);
  draft.last = quantised(draft.node('MatMul', [quantised('x'), weight]));
  return draft;
}

describe('a network in QDQ form', () => {
  it('is its layers, with one step where values are quantised', () => {
    const graph = importOnnx(qdqNetwork().bytes());
    expect(graph.nodes.map(({ op }) => op)).toEqual(['activation', 'linear', 'activation']);
  });

  it('runs at the server without steps, and says how far that is off', async () => {
    const draft = qdqNetwork();
    const graph = importOnnx(draft.bytes());
    const samples = Array.from({ length: 4 }, () => Float32Array.from(draft.dice.floats(8)));
    const calibration = samples.map((data) => ({ shape: graph.input.shape, data }));
    const network = compileNetwork(graph, { costs: FAST_COSTS, calibration });
    const [fit] = network.report.fits;
    expect(fit).toMatchObject({ function: 'quantize', degree: 1 });
    // Half a step.
    expect(fit.maxAbsError).toBeGreaterThan(0.4 / 64);
    expect(fit.maxAbsError).toBeLessThan(0.6 / 64);
    const expected = executeGraph(graph, calibration[0]).data;
    const [result] = await runNetwork(network, [samples[0]], runClear);
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - result[i])), 0);
    expect(worst).toBeLessThan(5 / 64);
  });
});
