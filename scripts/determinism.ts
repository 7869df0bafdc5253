// `npm run determinism [-- --versions 2,7] [--only webkit] [--allow-missing] [--write]`: one request, the same bytes everywhere.
//
// Requests are made by the client's code from known seeds; every host compiles the style and answers with 1, 2, 3 and 5
// evaluators. The control is a build whose sines, powers and cube roots are each engine's own: there the hosts must differ.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { chromium } from '../e2e/engines/chromium.ts';
import type { EngineKind } from '../e2e/engines/engine.ts';
import { firefox } from '../e2e/engines/firefox.ts';
import { webkit } from '../e2e/engines/webkit.ts';
import {
  askPage,
  type Build,
  buildPage,
  commitName,
  inNode,
  inPage,
  nodeVersion,
  PAGE,
  recordRequests,
} from '../e2e/same-bytes/hosts.ts';
import { servePlainly } from '../e2e/support/plain-server.ts';
import { EVALUATORS } from '../fixtures/same-bytes.ts';
import { allEqual, determinismTable, type HostRow, unequal } from './determinism-table.ts';
import { root } from './gates.ts';

/** One of each kind of recipe: tables of the place with eyes of its own, a liquid edge, plain cells. */
const STYLES = ['ink', 'liquid', 'dots'];

/** What the control is asked: enough to see a difference. */
const CONTROL = STYLES.map((style) => `${style}-2`);

const { values } = parseArgs({
  options: {
    /** Versions of codes, 1 to 10 unless given. */
    versions: { type: 'string', default: '1,2,3,4,5,6,7,8,9,10' },
    /** One engine beside Node, by name. */
    only: { type: 'string' },
    /** Engines may be missing: they are then left out, and the table says so. */
    'allow-missing': { type: 'boolean', default: false },
    /** Keeps what is printed in docs/determinism.md. */
    write: { type: 'boolean', default: false },
  },
});
const requests = STYLES.flatMap((style) =>
  values.versions.split(',').map((version) => `${style}-${version}`),
);
const kinds = [chromium, firefox, webkit].filter(
  ({ name }) => values.only === undefined || name.toLowerCase() === values.only.toLowerCase(),
);

const leftOut = values['allow-missing'] ? kinds.filter((kind) => kind.missing().length > 0) : [];

/** What an engine made of `names`. */
async function engineRow(
  kind: EngineKind,
  origin: string,
  names: readonly string[],
  counts: readonly number[],
): Promise<HostRow> {
  const missing = kind.missing();
  if (missing.length > 0) return { name: kind.name, made: `it is missing: ${missing.join(', ')}` };
  const engine = await kind.start();
  const name = `${kind.name} ${engine.version}`;
  try {
    await engine.open(`${origin}/${PAGE}`);
    const made = await inPage((question) => engine.evaluate(askPage, question), names, counts);
    return { name, made };
  } catch (error) {
    return { name, made: error instanceof Error ? error.message : String(error) };
  } finally {
    await engine.close();
  }
}

/** What Node and the engines made of `names` with the page of `mode`. */
async function hostRows(
  mode: Build,
  names: readonly string[],
  counts: readonly number[],
): Promise<HostRow[]> {
  await using page = await buildPage(mode);
  const { folder } = page;
  await recordRequests(folder, names);
  await using site = await servePlainly(folder);
  const started = kinds.filter((kind) => !leftOut.includes(kind));
  const isRough = mode !== 'same-bytes';
  const rows = [
    inNode(folder, names, counts, isRough).then(async (made) => ({
      name: `Node ${await nodeVersion()}`,
      made,
    })),
    ...started.map((kind) => engineRow(kind, site.origin, names, counts)),
  ];
  // All at once: nothing here is timed.
  return await Promise.all(
    rows.map(async (waiting) => {
      const row = await waiting;
      console.error(`${mode}: ${row.name} has answered.`);
      return row;
    }),
  );
}

const hosts = await hostRows('same-bytes', requests, EVALUATORS);
const rough = await hostRows('same-bytes-rough', CONTROL, [1]);

const isEqual = allEqual(requests, hosts);
const apart = rough.slice(1).map((host) => ({ name: host.name, count: unequal(host, CONTROL, rough[0]) }));
const hasControl =
  rough.every(({ made }) => typeof made !== 'string') && apart.some(({ count }) => count > 0);

const text = [
  '# One request, the same bytes everywhere',
  `Printed by \`npm run determinism\` on ${new Date().toISOString().slice(0, 10)}, commit ${await commitName()}.`,
  'A request is made by the client’s own code from a known seed: its keys and an encrypted picture. Every host compiles the ' +
    `style from its file, shares the plan out to ${EVALUATORS.join(', ')} evaluators, and answers with each. Equal signs: the ` +
    'SHA-256 of the answer is the one of the column "Answer", for these numbers of evaluators in turn. "Card" is the SHA-256 ' +
    'of the card, which names the plan with all its weights; "Tables" that of the encoder’s tables. The backend is `simd`: ' +
    '`seal` gives other bytes by nature.',
  determinismTable(requests, hosts),
  ...(leftOut.length > 0
    ? [`Left out, since missing here: ${leftOut.map(({ name }) => name).join(', ')}.`]
    : []),
  `**${isEqual ? 'All equal' : 'NOT all equal'}**: ${requests.length} requests, ${hosts.length} hosts, ${EVALUATORS.length} numbers of evaluators.`,
  '## Control',
  'The same, with `Math.sin`, `Math.cos`, `Math.cbrt` and `Math.pow` in the place of `base/exact-math`, one evaluator. Were ' +
    'these equal as well, the table above would prove nothing. Last bits of the encoder’s tables seldom reach an answer, since ' +
    'what they make is rounded to whole numbers at scales below 2^31; for which request they do, nobody could foresee.',
  determinismTable(CONTROL, rough),
  `**${hasControl ? 'They differ' : 'They do NOT differ'}**: ${apart.map(({ name, count }) => `${name} from ${rough[0].name} in ${count} of ${CONTROL.length}`).join('; ')}.`,
].join('\n\n');
console.log(text);
if (values.write) {
  const file = resolve(root, 'docs/determinism.md');
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
  console.log('\nWritten to docs/determinism.md.');
}
process.exitCode = isEqual && hasControl ? 0 : 1;
