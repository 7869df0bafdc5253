// Styles one code in Node and writes it as PNG and SVG: node examples/style-code.ts [TEXT]
import { writeFile } from 'node:fs/promises';
import { styleCode } from 'sealed-qr';

const text = process.argv[2] ?? 'https://example.org';
const { png, svg, report } = await styleCode(text, { style: 'liquid', colours: { end: '#28008c' } });
await writeFile('sealed-qr.png', png);
await writeFile('sealed-qr.svg', svg);

const { version } = report.payload;
console.log(`A version-${version} code; both decoders read ${JSON.stringify(text)} from it.`);
console.log(`Evaluated under encryption in ${report.timings.evaluateMs.toFixed(0)} ms.`);
console.log('Written: sealed-qr.png, sealed-qr.svg');
