// Writes the printed plans that `npm run check` compares with. `npm run plans`, then read the difference.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { GOLDEN_PLANS, goldenPath } from '../fixtures/golden-plans.ts';
import { hasSharedData, SHARED_DATA_ABSENT } from '../fixtures/shared-data.ts';

mkdirSync(dirname(goldenPath('any')), { recursive: true });
for (const { name, isShared, print } of GOLDEN_PLANS) {
  if (isShared && !hasSharedData) {
    console.log(`${name}: ${SHARED_DATA_ABSENT}`);
    continue;
  }
  const started = performance.now();
  writeFileSync(goldenPath(name), print());
  console.log(`${name}: ${Math.round(performance.now() - started)} ms`);
}
