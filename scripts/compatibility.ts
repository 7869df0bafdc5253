// `npm run compatibility`: writes docs/compatibility.md, and the lab's summary of it, from the importer.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { compatibilityPage, compatibilitySummary } from '../fixtures/compatibility.ts';
import { root } from './gates.ts';

writeFileSync(resolve(root, 'docs/compatibility.md'), compatibilityPage());
writeFileSync(
  resolve(root, 'src/ui/lab/compatibility.json'),
  `${JSON.stringify(compatibilitySummary(), undefined, 2)}\n`,
);
