// Node as an engine: answers the requests in the folder that its arguments name, a line of JSON each.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { kernelBytes } from '../../fixtures/kernel-watch.ts';
import { compiledStyle, madeOf } from '../../fixtures/same-bytes.ts';
import { requestOf, type RequestFile } from './request-file.ts';

const [folder, counts, ...names] = process.argv.slice(2);
for (const name of names) {
  const file = JSON.parse(readFileSync(resolve(folder, `${name}.json`), 'utf8')) as RequestFile;
  const model = resolve(import.meta.dirname, '../../public', file.model);
  const compiled = await compiledStyle(file.style, file.version, new Uint8Array(readFileSync(model)));
  const made = await madeOf(compiled, requestOf(file), kernelBytes(), counts.split(',').map(Number));
  console.log(JSON.stringify(made));
}
