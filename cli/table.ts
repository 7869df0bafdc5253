// The report of a run as a short table for people.
import type { StyleReport } from '../src/app/style/report.ts';
import { COLOUR_NAMES, sameColour, toHex } from '../src/style/colours.ts';

/** Milliseconds for people. */
export function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

/** Bytes for people. */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `report` as lines of text. */
export function reportTable(report: StyleReport, files: readonly string[]): string {
  const { payload, parameters, bytes, timings, precision, keys, verified, snapped, correction, scan } =
    report;
  const read = (decoders: Readonly<Record<string, boolean>>): string =>
    Object.entries(decoders)
      .map(([name, ok]) => `${name} ${ok ? 'yes' : 'no'}`)
      .join(', ');
  const { asked, made } = report.colours;
  const moved = COLOUR_NAMES.filter((name) => !sameColour(asked[name], made[name]));
  const changes = moved.map((name) => `${name} ${toHex(asked[name])} became ${toHex(made[name])}`);
  const style = report.direction ? `${report.style}, ${report.direction}` : report.style;
  const rows = [
    [
      'code',
      `version ${payload.version}, level ${payload.ecc}, ${payload.modules} modules, ${payload.bytes} bytes`,
    ],
    ['style', `${style}, ${report.pixelsPerModule} pixels a module, backend ${report.backend}`],
    ...(report.drawnHere
      ? [['drawn here', 'nothing was sent: an answer for this text was refused, or did not read']]
      : []),
    [
      'parameters',
      parameters
        ? `N = ${parameters.polyModulusDegree}, log2(QP) = ${parameters.logQP}, ${parameters.securityBits}-bit security`
        : 'nothing was encrypted',
    ],
    [
      'wire',
      `keys ${size(bytes.evaluationKeys)}, request ${size(bytes.request)}, response ${size(bytes.response)}`,
    ],
    ['keys', `${keys.made} made for this picture, ${keys.reused} reused`],
    ['keys, plan', `${ms(timings.keygenMs)}, ${ms(timings.planMs)}`],
    ['encrypt', ms(timings.encodeMs + timings.encryptMs)],
    ['evaluate', ms(timings.evaluateMs)],
    ['decrypt', ms(timings.decryptMs)],
    ['correct, verify', `${ms(timings.correctMs)}, ${ms(timings.verifyMs)}`],
    ['total', ms(timings.totalMs)],
    ['precision', precision ? `largest error ${precision.maxAbsError.toExponential(1)}` : 'not measured'],
    [
      'verified',
      verified
        ? `within ${verified.bound.toExponential(1)} of the style, ${snapped ? 'rounded to it' : 'as decrypted'}`
        : 'no',
    ],
    [
      'correction',
      `strength ${correction.strength}, ${correction.changedPixels} pixels, mean ΔE ${correction.meanDeltaE.toFixed(1)}`,
    ],
    ['colours', changes.length > 0 ? changes.join(', ') : 'as asked'],
    ['read before', read(correction.readBefore)],
    ['read exactly', read(scan)],
    ['files', files.join(', ')],
  ];
  return rows.map(([name, value]) => `${name.padEnd(16)}${value}\n`).join('');
}

/** `rows` in columns of even width. */
export function lines(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const text = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  return `${text.join('\n')}\n`;
}
