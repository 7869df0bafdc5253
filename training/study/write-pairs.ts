// Writes the codes that the study's networks are trained on, as arrays for PyTorch: the one source of them is TypeScript.
// `node training/study/write-pairs.ts FOLDER [--seed N]`: per part and version, `inputs` and `styled`, float32; `liquid` likewise.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { planesOf } from '../../fixtures/study-planes.ts';
import {
  codeInput,
  SPLIT,
  STUDY_SEED,
  studyCode,
  studyTexts,
  type Part,
  type StudyCode,
  type StudyVersion,
} from '../../src/app/study/codes.ts';
import { STUDY_STYLES, styledPicture, type StudyStyle } from '../../src/app/study/gradients.ts';
import { LiquidPictures } from './liquid-pictures.ts';
import { writeNpy } from '../../src/import/numpy.ts';
import { loadModel } from '../../workers/platform/node-local-service.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: String(STUDY_SEED) } },
});
const folder = positionals[0] ?? 'training/study/build/pairs';
await mkdir(folder, { recursive: true });

async function write(
  name: string,
  side: number,
  channels: number,
  pictures: readonly Float32Array[],
): Promise<void> {
  const data = new Float32Array(pictures.length * channels * side * side);
  for (const [i, picture] of pictures.entries()) data.set(picture, i * picture.length);
  await writeFile(
    join(folder, `${name}.npy`),
    writeNpy({ shape: [pictures.length, channels, side, side], data }),
  );
}

const liquid = new LiquidPictures(loadModel);
for (const part of Object.keys(SPLIT) as Part[]) {
  const texts = studyTexts(part, SPLIT[part], Number(values.seed));
  for (const version of [1, 6] satisfies StudyVersion[]) {
    const codes = texts.map((text): StudyCode => studyCode(text, version));
    const { modules } = codes[0].code;
    await write(
      `${part}-${version}-inputs`,
      modules,
      1,
      codes.map(({ code }) => codeInput(code)),
    );
    if (version === 6) continue;
    for (const style of Object.keys(STUDY_STYLES) as StudyStyle[]) {
      const styled = codes.map(({ code }) => planesOf(styledPicture(code, style)));
      await write(`${part}-${version}-${style}`, modules, 3, styled);
    }
    const drops: Float32Array[] = [];
    for (const { code } of codes) drops.push(await liquid.planes(code));
    await write(`${part}-${version}-liquid`, modules, 3, drops);
  }
}
