// Which built scripts a built script reaches: by imports, and by the addresses of the workers that it starts.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const NAMED = [
  /\b(?:import|export)\b[^'"`;]*?['"](\.{1,2}\/[^'"]+)['"]/g,
  /\bimport\(\s*['"](\.{1,2}\/[^'"]+)['"]\s*\)/g,
  /\bnew URL\(\s*['"](\.{1,2}\/[^'"]+\.js)['"],\s*import\.meta\.url\s*\)/g,
];

/** Absolute paths of all scripts that `entry` reaches, itself among them. */
export function reachableScripts(entry: string): Set<string> {
  const found = new Set<string>();
  const pending = [entry];
  while (pending.length > 0) {
    const path = pending.pop()!;
    if (found.has(path) || !existsSync(path)) continue;
    found.add(path);
    const text = readFileSync(path, 'utf8');
    for (const pattern of NAMED)
      for (const [, named] of text.matchAll(pattern)) pending.push(resolve(dirname(path), named));
  }
  return found;
}
