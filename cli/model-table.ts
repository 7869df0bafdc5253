// Plans and runs of networks as tables for people.
import type { ModelPlanReport } from '../src/app/network/model-plan.ts';
import type { ExplainedLayer, ExplainedSegment, PlanChoice } from '../src/plan/explanation.ts';
import type { ModelRunReport } from '../src/app/network/run-model.ts';
import { ms, size } from './table.ts';

type Row = readonly [string, string];

function lines(rows: readonly Row[]): string {
  return rows.map(([name, value]) => `${name.padEnd(16)}${value}\n`).join('');
}

function small(value: number): string {
  return value.toExponential(1);
}

function layerLine(layer: ExplainedLayer & { readonly maxAbsError?: number | null }): string {
  const { index, type, shape, level, scaleBits, computedIn, maxAbsError = null } = layer;
  const place = level === null ? '' : `level ${level}, scale 2^${scaleBits?.toFixed(1)}`;
  const error = maxAbsError === null ? '' : `error ${small(maxAbsError)}`;
  return `  ${String(index).padStart(3)} ${type.padEnd(14)} ${shape.join('×').padEnd(12)} ${place.padEnd(22)} ${error.padEnd(14)} ${computedIn}\n`;
}

function segmentLines(segment: ExplainedSegment): string {
  const byLevel = segment.multiplyPlainByLevel.map((count, level) => `${count} at ${level}`).reverse();
  return lines([
    ['', ''],
    ['segment', segment.name],
    ['levels, batch', `${segment.levels}, ${segment.batch} inputs a ciphertext`],
    [
      'ciphertexts',
      `${segment.inputCiphertexts} in (${size(segment.inputBytes)}), ${segment.outputCiphertexts} out (${size(segment.outputBytes)})`,
    ],
    ['rotations', `${segment.rotations} with ${segment.rotationKeys} keys`],
    ['products', `${byLevel.join(', ')} (level)`],
    ['weights', `${size(segment.diagonalBytes)} encoded`],
    ...segment.stages.map((stage): Row => [
      stage.kind,
      `${stage.label}: level ${stage.level}, scale 2^${stage.scaleBits.toFixed(1)}, error below ${small(stage.errorBound)}`,
    ]),
    ...(segment.clientLayers.length > 0 ? [['at the client', segment.clientLayers.join(', ')] as const] : []),
  ]);
}

function parametersRow({
  polyModulusDegree,
  coeffModulusBits,
  logQP,
  securityBits,
}: ModelPlanReport['parameters']): Row {
  return [
    'parameters',
    `N = ${polyModulusDegree}, primes of ${coeffModulusBits.join(', ')} bits, log2(QP) = ${logQP}, ${securityBits}-bit security`,
  ];
}

function choiceRow({ prefer, evaluateMs, keyBytes, memoryBytes, rounds, error }: PlanChoice): Row {
  return [
    `by ${prefer}`,
    `${ms(evaluateMs)} on one thread, keys ${size(keyBytes)}, memory ${size(memoryBytes)}, ${rounds} rounds, error below ${small(error)}`,
  ];
}

/** What a person waits for: the first run, every one after it, and what of that is evaluation. */
function timeRows({ whole, inputs, workers, predictedMs, calibration, rounds }: ModelPlanReport): Row[] {
  const { keysMs, handOverMs, firstMs, warmMs, exchanges, delayMs } = whole;
  const delay = delayMs > 0 ? `, ${exchanges} × ${ms(delayMs)} of delay` : '';
  const measured = calibration ? '' : ' (not measured here)';
  return [
    ['first run', `${ms(firstMs)}: keys ${ms(keysMs)}, handed over ${ms(handOverMs)}, then a warm run`],
    [
      'warm run',
      `${ms(warmMs)} for ${inputs} input${inputs === 1 ? '' : 's'}: evaluation ${ms(predictedMs)} on ${workers} workers${delay}${rounds > 0 ? `, ${rounds} rounds with the client` : ''}${measured}`,
    ],
  ];
}

/** `report` as lines of text. */
export function planTable(report: ModelPlanReport): string {
  return (
    lines([
      ['model', `${report.model}, input ${report.inputShape.join('×')}`],
      parametersRow(report.parameters),
      ['keys', size(report.keyBytes)],
      ['memory', `${size(report.memoryBytes)} in an evaluator that holds the whole plan and one set of keys`],
      ['rounds', report.rounds === 0 ? 'none' : `${report.rounds}, ${size(report.roundBytes)}`],
      ['client learns', ['the result', ...report.clientLearns].join('; ')],
      ['server learns', report.serverLearns.join('; ')],
      ...timeRows(report),
      ['error', `below ${small(report.predictedError)}`],
      ['ranges from', report.ranges.description],
      ...(report.sparsity ? [['zeros', report.sparsity.description] as const] : []),
      ...(report.front.length > 1 ? report.front.map(choiceRow) : []),
      ...report.fits.map((fit): Row => [
        'fitted',
        `${fit.layer}: ${fit.function} by degree ${fit.degree} on ${fit.low.toPrecision(3)}…${fit.high.toPrecision(3)}, error ${small(fit.maxAbsError)}`,
      ]),
      ['', ''],
      ['layers', ''],
    ]) +
    report.layers.map(layerLine).join('') +
    report.segments.map(segmentLines).join('')
  );
}

// Beyond these a table says nothing; --json has all.
const MOST_OUTPUTS = 5;
const MOST_VALUES = 12;

/** `report` as lines of text. */
export function runTable(report: ModelRunReport): string {
  const { timings, bytes, outputs, cost } = report;
  const shown = outputs.slice(0, MOST_OUTPUTS).map((values, i): Row => {
    const some = values.slice(0, MOST_VALUES).map((x) => x.toFixed(4));
    return [`output ${i}`, some.join(' ') + (values.length > MOST_VALUES ? ' …' : '')];
  });
  return (
    lines([
      ...shown,
      ['backend', report.backend],
      parametersRow(report.parameters),
      [
        'error',
        `largest ${small(report.maxAbsError)}, mean ${small(report.meanAbsError)}, predicted below ${small(report.predictedError)}`,
      ],
      ['ranges from', cost.ranges.description],
      ['keys, plan', `${ms(timings.keygenMs)}, ${ms(timings.planMs)}`],
      ['encrypt', ms(timings.encodeMs + timings.encryptMs)],
      [
        'evaluate',
        `${ms(timings.evaluateMs)} (${ms(timings.evaluateMsPerInput)} an input), predicted ${ms(cost.predictedMs)}; in the clear ${ms(timings.clearMs)}`,
      ],
      ['client rounds', `${cost.rounds}, ${ms(timings.roundMs)}, ${size(bytes.rounds)}`],
      ['decrypt', ms(timings.decryptMs)],
      [
        'total',
        `${ms(timings.totalMs)}, predicted ${ms(cost.whole.warmMs)}, with keys ${ms(cost.whole.firstMs)}`,
      ],
      [
        'wire',
        `keys ${size(bytes.evaluationKeys)}, request ${size(bytes.request)}, response ${size(bytes.response)}`,
      ],
      ['layers', ''],
    ]) + report.layers.map(layerLine).join('')
  );
}
