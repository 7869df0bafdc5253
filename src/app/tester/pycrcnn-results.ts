// A report in the form of PyCrCNN's results.json, with more fields beside its own.
import type { BfvLayer, BfvResult } from '../../bfv/bfv-test.ts';
import type { ParameterResult } from './parameter-test.ts';
import type { Outcome } from './run-config.ts';

/** One row: what PyCrCNN's tester writes after a layer, and beside it the mean, the bound and the time. */
export interface PycrcnnRow {
  readonly layer_name: string;
  /** Bits of noise budget; null in CKKS, which has none. */
  readonly min_noise: number | null;
  readonly max_error: number | null;
  /** As Python prints the tuple. */
  readonly max_error_position: string;
  readonly cipher_value: number | null;
  readonly plain_value: number | null;
  readonly [more: string]: unknown;
}

/** What PyCrCNN calls its layers, by what they compute. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['Conv2d', 'pycrcnn.convolutional.convolutional_layer.ConvolutionalLayer'],
  ['Linear', 'pycrcnn.linear.linear_layer.LinearLayer'],
  ['AvgPool2d', 'pycrcnn.functional.average_pool.AveragePoolLayer'],
  ['Square', 'pycrcnn.functional.square_layer.SquareLayer'],
  ['Flatten', 'pycrcnn.functional.flatten_layer.FlattenLayer'],
]);

function layerName({ type, node }: BfvLayer): string {
  const known =
    node === 'refresh' ? 'pycrcnn.functional.rencryption_layer.RencryptionLayer' : CLASSES.get(type);
  return known === undefined ? type : `<class '${known}'>`;
}

function startRow(min_noise: number | null): PycrcnnRow {
  return {
    layer_name: 'start',
    min_noise,
    max_error: 0,
    max_error_position: '(0, 0, 0, 0)',
    cipher_value: 0,
    plain_value: 0,
  };
}

function bfvRow(layer: BfvLayer): PycrcnnRow {
  return {
    layer_name: layerName(layer),
    min_noise: layer.noiseBudgetBits,
    max_error: layer.maxAbsError,
    max_error_position: `(${layer.maxErrorPosition.join(', ')})`,
    cipher_value: layer.cipherValue,
    plain_value: layer.plainValue,
    layer: layer.index,
    mean_error: layer.meanAbsError,
    bound: layer.bound,
    time_ms: layer.evaluateMs,
    ciphertexts: layer.ciphertexts,
    ...layer.digits,
  };
}

function ckksRows({ layers }: ParameterResult): PycrcnnRow[] {
  const rows = layers.map((layer) => ({
    layer_name: layer.type,
    min_noise: null,
    max_error: layer.maxAbsError,
    max_error_position: '',
    cipher_value: null,
    plain_value: null,
    layer: layer.index,
    level: layer.level,
  }));
  return [startRow(null), ...rows];
}

/** The set as it stands in a file. */
function bfvParameters({ set: { name: _, ...set } }: BfvResult): object {
  return set;
}

/**
 * PyCrCNN's results: for each set what was asked, the last layer's error, and a row for the start and for each layer. JSON
 * has no NaN: what means nothing is null there.
 */
export function pycrcnnResults(results: readonly Outcome[]): readonly (readonly unknown[])[] {
  return results.map((result) => {
    if (!result.ran) {
      const { name, reason, code } = result;
      return [{ name }, { final_max_error: null, error: reason, code, nearest: result.nearest ?? null }, []];
    }
    const final = {
      final_max_error: result.maxAbsError,
      final_mean_error: result.meanAbsError,
      timings: result.timings,
      bytes: result.bytes,
    };
    if (result.scheme === 'ckks') {
      const { polyModulusDegree, coeffModulusBits } = result.parameters;
      const bound = result.predictedError;
      return [{ polyModulusDegree, coeffModulusBits }, { ...final, bound }, ckksRows(result)];
    }
    const { problem, nearest, startBudgetBits, layers } = result;
    return [
      bfvParameters(result),
      { ...final, problem, nearest },
      [startRow(startBudgetBits), ...layers.map(bfvRow)],
    ];
  });
}
