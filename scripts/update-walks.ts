// `npm run walks`: runs the walks and writes what is printed now where it is not what they say. Read the prose again after it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { root } from './gates.ts';
import { clearWalkFiles, missingLine, rewritten, runStep, stepsOf } from './walk.ts';

const folder = resolve(root, 'docs/tutorial');
clearWalkFiles();
for (const name of readdirSync(folder).filter((file) => file.endsWith('.md'))) {
  const path = resolve(folder, name);
  let text = readFileSync(path, 'utf8');
  for (const step of stepsOf(text)) {
    const output = await runStep(step);
    if (output === undefined || missingLine(step.printed, output) === undefined) continue;
    text = rewritten(text, step, output);
    console.log(`${name}: ${step.command}`);
  }
  writeFileSync(path, text);
}
clearWalkFiles();
