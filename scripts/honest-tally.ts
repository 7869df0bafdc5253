// Honest runs of all styles, sizes and some colours: is any refused, and how near to its bound does any come?
import { PASSING_SCAN } from '../fixtures/passing-scan.ts';
import type { SessionWorkers } from '../src/app/session/workers.ts';
import { styleCode } from '../src/app/style/pipeline.ts';
import { StyleSession } from '../src/app/style/style-session.ts';
import { asSealedError } from '../src/base/errors.ts';
import type { Rgb } from '../src/base/raster.ts';
import { type Random, seededRandom } from '../src/base/seeded-random.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import type { StyleColours } from '../src/style/colours.ts';
import { type Style, STYLES } from '../src/style/styles.ts';
import { pick, randomPayload } from '../training/payloads.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';

/** Versions, the small ones more often, as people use them. */
const VERSIONS = [1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 10, 12] as const;

/** What to run. */
export interface HonestRuns {
  readonly workers: SessionWorkers;
  readonly runs: number;
  readonly seed: number;
  /** Asked before each run; all are made unless given. */
  readonly mayGoOn?: () => boolean;
  /** Told how many are done. */
  readonly onRun?: (done: number) => void;
}

/** What came of honest runs. */
export interface HonestTally {
  readonly runs: number;
  /** The codes of errors by which the client refused, with what was run. */
  readonly refused: readonly string[];
  /** Runs whose error was above half of their bound. */
  readonly beyondHalf: number;
  /** By style: runs, the largest error, and the largest share of the bound. */
  readonly styles: ReadonlyMap<string, { runs: number; maxAbsError: number; share: number }>;
}

/** The style's own colours, black on white (channels that are equal), or any dark ones on any light one. */
function coloursFor(style: Style, random: Random): StyleColours {
  const colour = (from: number, to: number): Rgb => {
    const channel = (): number => from + Math.floor(random() * (to - from));
    return [channel(), channel(), channel()];
  };
  switch (pick(random, ['own', 'plain', 'any'])) {
    case 'own':
      return style.defaultColours;
    case 'plain':
      return { start: [0, 0, 0], end: [0, 0, 0], background: [255, 255, 255] };
    default:
      return { start: colour(0, 100), end: colour(0, 100), background: colour(200, 256) };
  }
}

/** Runs honestly what chance says: each picture with keys and a text of its own, held to its bound as ever. */
export async function runHonestly({
  workers,
  runs,
  seed,
  mayGoOn = () => true,
  onRun,
}: HonestRuns): Promise<HonestTally> {
  const scan = { role: PASSING_SCAN, dead: false, terminate: () => undefined };
  const session = new StyleSession({ ...workers, scan: () => scan }, loadModel);
  const random = seededRandom(seed);
  const refused: string[] = [];
  const styles = new Map<string, { runs: number; maxAbsError: number; share: number }>();
  let beyondHalf = 0;
  let made = 0;
  try {
    for (let run = 0; run < runs && mayGoOn(); run += 1) {
      const style = STYLES[run % STYLES.length];
      const ecc = pick(random, ERROR_CORRECTION_LEVELS);
      const version = pick(random, VERSIONS);
      const pixelsPerModule = pick(random, [8, 4] as const);
      const colours = coloursFor(style, random);
      const { text } = randomPayload(random, version, ecc);
      const name = `${style.id}, version ${version}, ${pixelsPerModule} pixels, ${JSON.stringify(colours)}`;
      try {
        const request = { text, ecc, style, colours, pixelsPerModule, backend: 'simd' } as const;
        const { report } = await styleCode(session, request);
        const { maxAbsError, bound } = report.verified!;
        const share = maxAbsError / bound;
        beyondHalf += Number(share > 0.5);
        const known = styles.get(style.id) ?? { runs: 0, maxAbsError: 0, share: 0 };
        styles.set(style.id, {
          runs: known.runs + 1,
          maxAbsError: Math.max(known.maxAbsError, maxAbsError),
          share: Math.max(known.share, share),
        });
      } catch (error) {
        refused.push(`${asSealedError(error).code}: ${name}`);
      }
      made += 1;
      onRun?.(made);
    }
  } finally {
    session.close();
  }
  return { runs: made, refused, beyondHalf, styles };
}

/** Where and when runs were made. */
interface Circumstances {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
}

/** A tally as a page of the documentation. */
export function honestReport(tally: HonestTally, { date, commit, machine }: Circumstances): string {
  const rows = [...tally.styles].map(
    ([style, { runs, maxAbsError, share }]) =>
      `| ${style} | ${runs} | ${maxAbsError.toExponential(1)} | ${(100 * share).toFixed(1)} % |`,
  );
  return [
    '# Honest runs against their bounds',
    '',
    `Written by \`npm run honest -- --write\` on ${date} at commit ${commit} (${machine}).`,
    '',
    `${tally.runs} pictures of all styles, by the SIMD kernel, each with a text, keys and randomness of its own, in versions`,
    `${Math.min(...VERSIONS)} to ${Math.max(...VERSIONS)}, at 4 and 8 pixels per module, in the style's colours, in black on white and in colours by chance.`,
    `**${tally.refused.length} were refused; ${tally.beyondHalf} were beyond half of their bound.**`,
    '',
    '| style | runs | largest error | at most of its bound |',
    '|---|---:|---:|---:|',
    ...rows,
    ...tally.refused.map((line) => `\n- ${line}`),
    '',
  ].join('\n');
}
