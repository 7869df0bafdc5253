// `npm run fuzz:server [-- --cases 10000 --seed 1]`: damaged keys and ciphertexts against the server role on the kernel.
import { parseArgs } from 'node:util';
import { fuzzServer } from '../fixtures/fuzz-server.ts';
import { SMALL, TINY } from '../fixtures/small-engine.ts';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const cases = Number(values.cases);

/** Most cases on small parameters, which are quick, and some on those of the styles. */
const SHARES = [
  { parameters: TINY, share: 0.6 },
  { parameters: SMALL, share: 0.3 },
  { parameters: { polyModulusDegree: 8192, coeffModulusBits: [30, 28, 28, 28, 28, 28, 30] }, share: 0.1 },
];

const outcomes = new Map<string, number>();
const failures: string[] = [];
for (const [index, { parameters, share }] of SHARES.entries()) {
  const seed = Number(values.seed) + index;
  const report = await fuzzServer({ parameters, cases: Math.round(cases * share), seed });
  for (const [name, count] of report.outcomes) outcomes.set(name, (outcomes.get(name) ?? 0) + count);
  failures.push(...report.failures.map((failure) => `N = ${parameters.polyModulusDegree}: ${failure}`));
  const [early, late] = report.reservedBytes.map((bytes) => (bytes / 1e6).toFixed(1));
  console.log(
    `N = ${parameters.polyModulusDegree}: ${Math.round(cases * share)} cases, ` +
      `kernel memory ${early} MB half way, ${late} MB at the end`,
  );
}
for (const [name, count] of [...outcomes].sort()) console.log(`${String(count).padStart(6)}  ${name}`);
const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
console.log(`${total} cases, ${failures.length} failures`);
for (const failure of new Set(failures)) console.log(`  ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
