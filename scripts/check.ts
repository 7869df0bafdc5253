// `npm run check`: every gate but the browser's. Exits with 1 when one fails.

import { gates, runGates } from './gates.ts';

const results = await runGates(gates);
const failed = results.filter((result) => !result.passed);
console.log(
  failed.length === 0
    ? `All ${results.length} gates passed.`
    : `Failed: ${failed.map((result) => result.name).join(', ')}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
