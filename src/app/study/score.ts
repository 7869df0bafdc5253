// Scores a network's output as the study does: read as bytes, corrected or not, compared with the reference, shown to a reader.
import type { Raster } from '../../base/raster.ts';
import type { StudyCode } from './codes.ts';
import { correctAsStudy, correctByLuma, STUDY_THRESHOLDS } from './corrections.ts';
import { defaultPicture, styledPicture, type StudyStyle } from './gradients.ts';
import { throughJpeg } from './jpeg.ts';
import { enlarged, referenceDifference } from './metrics.ts';
import { readPicture, READINGS, type Reading } from './readings.ts';
import { type Tallies, tallyOf } from './tally.ts';

/** Reads a picture: the exact text of a code in it, or null. */
export type Reader = (raster: Raster) => Promise<string | null> | string | null;

/** What is done with a picture before it is scored. */
export const TREATMENTS = ['uncorrected', 'study', 'luma'] as const;

/** One of {@link TREATMENTS}. */
export type Treatment = (typeof TREATMENTS)[number];

/** Pixels a module that the study shows its reader, enlarged by nearest neighbours. */
const STUDY_PIXELS = 10;

/** How a network's output is scored. */
export interface ScoreOptions {
  readonly style: StudyStyle;
  /** The study's reader: zbar. */
  readonly zbar: Reader;
}

function treated(picture: Raster, { code }: StudyCode, treatment: Treatment, style: StudyStyle): Raster {
  if (treatment === 'uncorrected') return picture;
  return treatment === 'study'
    ? correctAsStudy(picture, defaultPicture(code))
    : correctByLuma(picture, code, style);
}

/** The tally's name in the table of all networks. */
export function scoreName(reading: Reading, treatment: Treatment): string {
  return `${reading}, ${treatment}`;
}

/**
 * One output, in both readings, uncorrected and corrected both ways, without a quiet zone as in the study.
 * @param planes `[3, n, n]` of 0 to 1
 * @param reference what it should be; the style's own picture unless given
 */
export async function scoreOutput(
  planes: ArrayLike<number>,
  code: StudyCode,
  { style, zbar }: ScoreOptions,
  reference = styledPicture(code.code, style),
): Promise<Tallies> {
  const scores: Record<string, ReturnType<typeof tallyOf>> = {};
  for (const reading of READINGS) {
    const picture = readPicture(planes, reading);
    for (const treatment of TREATMENTS) {
      const shown = treated(picture, code, treatment, style);
      const read = await zbar(enlarged(shown, STUDY_PIXELS, 0));
      scores[scoreName(reading, treatment)] = tallyOf(read, code.text, referenceDifference(shown, reference));
    }
  }
  return scores;
}

/** The rules by which the table of causes tells light from dark: the study's code, its text, and the middle. */
const MASKS = { '≥ 123': 123, '≥ 125': 125, '> 127': 128 } as const;

/** With which mask the study's correction is made; none for uncorrected. */
const MASK_NAMES = ['none', '≥ 123', '≥ 125', '> 127'] as const;

/** A row of the table of causes. */
export interface Cause {
  readonly reading: Reading;
  readonly pictures: 'JPEG' | 'lossless';
  readonly quiet: 0 | 4;
  /** The mask of the study's correction; none for uncorrected. */
  readonly mask: (typeof MASK_NAMES)[number];
}

/** Every combination, in the order of the table. */
export const CAUSES: readonly Cause[] = READINGS.flatMap((reading) =>
  (['JPEG', 'lossless'] as const).flatMap((pictures) =>
    ([0, 4] as const).flatMap((quiet) => MASK_NAMES.map((mask) => ({ reading, pictures, quiet, mask }))),
  ),
);

/** The tally's name of a row. */
export function causeName({ reading, pictures, quiet, mask }: Cause): string {
  return `${reading}, ${pictures}, quiet ${quiet}, mask ${mask}`;
}

/** The plain code as the study's networks were given it: a picture, lossless or through JPEG. */
export function plainPicture({ code }: StudyCode, pictures: Cause['pictures']): Raster {
  const plain = defaultPicture(code);
  return pictures === 'JPEG' ? throughJpeg(plain) : plain;
}

/**
 * The table of causes for one code: what each choice of the study's makes of the network's outputs.
 * @param outputs what the network makes of the code as it is, and of the code after JPEG
 */
export async function scoreCauses(
  outputs: Readonly<Record<Cause['pictures'], ArrayLike<number>>>,
  code: StudyCode,
  { style, zbar }: ScoreOptions,
): Promise<Tallies> {
  const scores: Record<string, ReturnType<typeof tallyOf>> = {};
  const styled = styledPicture(code.code, style);
  for (const pictures of ['JPEG', 'lossless'] as const) {
    const plain = plainPicture(code, pictures);
    const reference = pictures === 'JPEG' ? throughJpeg(styled) : styled;
    for (const reading of READINGS) {
      const picture = readPicture(outputs[pictures], reading);
      for (const mask of MASK_NAMES) {
        const thresholds = mask === 'none' ? undefined : { ...STUDY_THRESHOLDS, mask: MASKS[mask] };
        const shown = thresholds ? correctAsStudy(picture, plain, thresholds) : picture;
        const difference = referenceDifference(shown, reference);
        for (const quiet of [0, 4] as const) {
          const read = await zbar(enlarged(shown, STUDY_PIXELS, quiet));
          scores[causeName({ reading, pictures, quiet, mask })] = tallyOf(read, code.text, difference);
        }
      }
    }
  }
  return scores;
}

/** One output, clamped and uncorrected, shown to several readers at two sizes with the quiet zone that the standard asks for. */
export async function scoreReaders(
  planes: ArrayLike<number>,
  code: StudyCode,
  readers: Readonly<Record<string, Reader>>,
  style: StudyStyle,
): Promise<Tallies> {
  const picture = readPicture(planes, 'clamped');
  const difference = referenceDifference(picture, styledPicture(code.code, style));
  const scores: Record<string, ReturnType<typeof tallyOf>> = {};
  for (const pixels of [4, 10]) {
    const shown = enlarged(picture, pixels, 4);
    for (const [name, read] of Object.entries(readers)) {
      scores[`${name}, ${pixels} px`] = tallyOf(await read(shown), code.text, difference);
    }
  }
  return scores;
}
