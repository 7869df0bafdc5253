// `npm run fuzz:codecs [-- --cases 20000 --seed 1]`: damaged cards and parts of plans against their decoders.
import { parseArgs } from 'node:util';
import { mutate } from '../fixtures/codec-mutations.ts';
import { cardsUnderTest, partsUnderTest } from '../fixtures/codec-samples.ts';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
});
const cases = Number(values.cases);

let failed = 0;
for (const decoder of [cardsUnderTest(), partsUnderTest()]) {
  const report = mutate(decoder, cases, Number(values.seed));
  const sizes = decoder.samples.map(({ length }) => length);
  console.log(
    `${decoder.name}: ${sizes.length} samples of ${Math.min(...sizes)} to ${Math.max(...sizes)} bytes`,
  );
  for (const [name, count] of [...report.outcomes].sort())
    console.log(`${String(count).padStart(6)}  ${name}`);
  console.log(
    `${cases} cases, ${report.failures.length} failures; most memory above 100 bytes per byte ` +
      `${(report.mostBytes / 1e6).toFixed(1)} MB, longest ${report.longestMs.toFixed(0)} ms`,
  );
  for (const failure of report.failures.slice(0, 20)) console.log(`  ${failure}`);
  failed += report.failures.length;
}
process.exitCode = failed === 0 ? 0 : 1;
