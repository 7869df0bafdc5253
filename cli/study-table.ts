// The report of `sealed-qr study` as tables for people.
import { causeName } from '../src/app/study/score.ts';
import {
  BESIDE,
  PUBLISHED,
  type RowReport,
  scoreIn,
  type StudyReport,
  type WayReport,
} from '../src/app/study/study-report.ts';
import type { Estimate } from '../src/app/study/metrics.ts';
import { lines, ms, size } from './table.ts';

/** A share with its interval, in percent. */
function percent({ value, low, high }: Estimate): string {
  const shown = (x: number): string => (100 * x).toFixed(1);
  return `${shown(value)} % (${shown(low)}–${shown(high)})`;
}

/** A difference with half its interval. */
function difference({ value, high }: Estimate): string {
  return `${value.toFixed(4)} ± ${(high - value).toFixed(4)}`;
}

/** The study's columns and ours under them, read as the study reads: bytes wrapped, anything decoded counts; and clamped. */
function besidePublished(rows: readonly RowReport[]): string {
  const ways = BESIDE.map(({ id, way }) => rows.find((row) => row.id === id)?.[way]);
  if (ways.every((way) => way === undefined)) return '';
  const cells = (cell: (way: WayReport) => string): string[] => ways.map((way) => (way ? cell(way) : '–'));
  const read = (name: 'wrapped' | 'clamped', treatment: 'uncorrected' | 'study'): string[] => [
    `ours, read, ${name}, ${treatment === 'study' ? 'corrected' : treatment}`,
    ...cells((way) => percent(scoreIn(way, name, treatment).readAny)),
  ];
  const apart = (name: 'wrapped' | 'clamped'): string[] => [
    `ours, difference, ${name}`,
    ...cells((way) => difference(scoreIn(way, name, 'uncorrected').difference)),
  ];
  return lines([
    ['', ...PUBLISHED.map(({ column }) => column)],
    ['study, time', ...PUBLISHED.map(({ seconds }) => `${seconds} s`)],
    ['study, read', ...PUBLISHED.map(({ readable }) => `${(100 * readable).toFixed(1)} %`)],
    ['study, difference', ...PUBLISHED.map((column) => column.difference.toFixed(3))],
    ['ours, codes', ...cells((way) => String(way.count))],
    ['ours, time, median', ...cells((way) => ms(way.medianMs))],
    read('wrapped', 'uncorrected'),
    read('wrapped', 'study'),
    read('clamped', 'uncorrected'),
    read('clamped', 'study'),
    apart('wrapped'),
    apart('clamped'),
  ]);
}

function networkRow(name: string, way: WayReport): string[] {
  const clamped = scoreIn(way, 'clamped', 'uncorrected');
  return [
    name,
    String(way.count),
    ms(way.medianMs),
    difference(clamped.difference),
    percent(clamped.readExact),
    percent(scoreIn(way, 'clamped', 'study').readExact),
    percent(scoreIn(way, 'clamped', 'luma').readExact),
  ];
}

/** Every network, clamped, the exact text: in the clear and encrypted. */
function allNetworks(rows: readonly RowReport[]): string {
  const head = ['clamped, exact text', 'codes', 'time', 'difference', 'uncorrected', 'study', 'luma'];
  const body = rows.flatMap(({ name, clear, encrypted }) => [
    ...(clear ? [networkRow(`${name}, clear`, clear)] : []),
    ...(encrypted ? [networkRow(`${name}, encrypted`, encrypted)] : []),
  ]);
  return lines([head, ...body]);
}

/** What the encrypted runs took. */
function costs(rows: readonly RowReport[]): string {
  const body = rows.flatMap(({ name, encrypted }) => {
    const found = encrypted?.encrypted;
    if (!encrypted || !found) return [];
    return [
      [
        name,
        `2^${Math.log2(found.polyModulusDegree)}`,
        ms(encrypted.leastMs),
        encrypted.leastProcessorMs === undefined ? '–' : ms(encrypted.leastProcessorMs),
        size(found.keyBytes),
        size(found.memoryBytes),
        size(found.requestBytes),
        size(found.responseBytes),
        `${found.rounds}${found.rounds > 0 ? `, ${size(found.roundBytes)}` : ''}`,
        found.largestError.toExponential(1),
        found.predictedError.toExponential(1),
      ],
    ];
  });
  if (body.length === 0) return '';
  const head = [
    'encrypted',
    'N',
    'least',
    'CPU',
    'keys',
    'memory',
    'request',
    'answer',
    'rounds',
    'error',
    'bound',
  ];
  return lines([head, ...body]);
}

function causes(rows: readonly RowReport[]): string {
  return rows
    .flatMap(({ name, clear, encrypted }) =>
      [
        [`${name}, clear`, clear],
        [`${name}, encrypted`, encrypted],
      ].flatMap(([title, way]) => {
        const found = (way as WayReport | undefined)?.causes ?? [];
        if (found.length === 0) return [];
        const body = found.map((cause) => [
          causeName(cause),
          percent(cause.readAny),
          percent(cause.readExact),
          difference(cause.difference),
        ]);
        return [lines([[`causes: ${title as string}`, 'anything', 'exact text', 'difference'], ...body])];
      }),
    )
    .join('\n');
}

function readers(rows: readonly RowReport[]): string {
  const body = rows.flatMap(({ name, clear, encrypted }) =>
    (
      [
        [`${name}, clear`, clear],
        [`${name}, encrypted`, encrypted],
      ] as const
    ).flatMap(([title, way]) =>
      (way?.readers ?? []).map(({ reader, exact }) => [title, reader, percent(exact)]),
    ),
  );
  return body.length === 0 ? '' : lines([['uncorrected, four readers', '', 'exact text'], ...body]);
}

/** `report` as text. */
export function studyTable({ style, version, seed, rows }: StudyReport): string {
  const missing = rows.flatMap(({ name, missing: why }) => (why === undefined ? [] : [`${name}: ${why}\n`]));
  const parts = [
    `${style}, version ${version}, seed ${seed}; 95 % intervals\n`,
    besidePublished(rows),
    allNetworks(rows),
    costs(rows),
    readers(rows),
    causes(rows),
    missing.join(''),
  ];
  return parts.filter((part) => part !== '').join('\n');
}
