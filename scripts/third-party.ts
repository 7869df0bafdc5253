// Writes THIRD-PARTY.md: whose work the product holds, under which licence, and where its source is. `--check` compares.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { root } from './gates.ts';

/** A package of the product. */
export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly source: string;
  readonly text: string;
}

/** Licences that the product may hold; another is to be looked at by a person first. */
const KNOWN = ['MIT', 'ISC', 'Apache-2.0', 'BSD-3-Clause', 'CC0-1.0', 'OFL-1.1', 'LGPL-2.1+'];

/** What is compiled into packages without being a package itself. */
const INSIDE: readonly (readonly [what: string, where: string, licence: string, source: string])[] = [
  ['Microsoft SEAL 4.1', 'node-seal', 'MIT', 'https://github.com/microsoft/SEAL'],
  ['zxing-cpp', 'zxing-wasm', 'Apache-2.0', 'https://github.com/zxing-cpp/zxing-cpp'],
  ['ZBar', '@undecaf/zbar-wasm', 'LGPL-2.1+', 'https://github.com/mchehab/zbar'],
  ['onnx.proto', 'src/import/onnx/', 'Apache-2.0', 'https://github.com/onnx/onnx'],
];

const HEAD = `# Third-party work

Written by \`npm run third-party\` from the packages that are installed; \`npm run check\` compares.

Sealed QR itself is under the MIT licence (LICENSE). What follows is part of the product: in the page, in the package's
\`dist-lib/browser/\` folder, or installed beside the package.

## Two that ask for more than a notice

**zbar-wasm** (LGPL 2.1 or later) is one of the two decoders that prove a code. It is used unchanged. Its compiled code is a
file of its own, \`zbar.wasm\`, and you may put another build of it in the place of that file: in the page's \`assets/\`
folder, in the package's \`dist-lib/browser/\` folder, or in \`node_modules/@undecaf/zbar-wasm/\` for Node. Its source, with
the build, is at the address below; ZBar's own as well.

**The typefaces** (SIL Open Font License 1.1) are Instrument Sans and Geist Mono, unchanged, under their own names. They may
be used, bundled and passed on; they may not be sold by themselves, and a changed version must have another name. The page
has them; the package's built files do not.
`;

function sourceOf(repository: unknown): string {
  const given =
    typeof repository === 'string' ? repository : (repository as { url?: string } | undefined)?.url;
  const address = (given ?? '').replace(/^git\+/, '').replace(/\.git$/, '');
  const path = /(?:github\.com[/:])?([\w.-]+\/[\w.-]+)$/.exec(address)?.[1];
  return path === undefined ? address : `https://github.com/${path}`;
}

/** The packages that \`names\` need, as installed below \`from\`, themselves included. */
export function thirdParties(names: readonly string[], from: string): ThirdParty[] {
  const found = new Map<string, ThirdParty>();
  const add = (name: string, start: string): void => {
    let folder = start;
    while (!existsSync(resolve(folder, 'node_modules', name, 'package.json'))) {
      if (folder === dirname(folder)) throw new Error(`${name} is not installed.`);
      folder = dirname(folder);
    }
    const own = resolve(folder, 'node_modules', name);
    if (found.has(own)) return;
    const manifest = JSON.parse(readFileSync(resolve(own, 'package.json'), 'utf8')) as {
      version: string;
      license?: string;
      repository?: unknown;
      dependencies?: Record<string, string>;
    };
    const texts = readdirSync(own).filter((file) => /^(licen[cs]e|copying|notice|ofl)/i.test(file));
    found.set(own, {
      name,
      version: manifest.version,
      licence: (manifest.license ?? 'none').replace(/^\((.*)\)$/, '$1'),
      source: sourceOf(manifest.repository),
      text: texts.map((file) => readFileSync(resolve(own, file), 'utf8').trim()).join('\n\n'),
    });
    for (const dependency of Object.keys(manifest.dependencies ?? {})) add(dependency, own);
  };
  for (const name of names) add(name, from);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Packages whose licence nobody has looked at, as `name: licence`. */
export function unknownLicences(packages: readonly ThirdParty[]): string[] {
  const isKnown = (licence: string): boolean =>
    licence.split(/ (?:AND|OR) /).every((part) => KNOWN.includes(part));
  return packages
    .filter(({ licence }) => !isKnown(licence))
    .map(({ name, licence }) => `${name}: ${licence}`);
}

/** THIRD-PARTY.md for `packages`. */
export function thirdPartyPage(packages: readonly ThirdParty[]): string {
  const rows = packages.map(
    ({ name, version, licence, source }) => `| ${name} | ${version} | ${licence} | ${source} |`,
  );
  const inside = INSIDE.map((cells) => `| ${cells.join(' | ')} |`);
  const texts = Map.groupBy(packages, ({ text }) => text);
  const sections = [...texts].map(([text, sharing]) => {
    const title = sharing.map(({ name }) => name).join(', ');
    return `### ${title}\n\n${text === '' ? 'The package brings no text; its licence is named above.' : `\`\`\`text\n${text}\n\`\`\``}\n`;
  });
  return [
    HEAD,
    '## Packages\n',
    '| package | version | licence | source |\n|---|---|---|---|',
    `${rows.join('\n')}\n`,
    '## Inside them\n',
    '| what | in | licence | source |\n|---|---|---|---|',
    `${inside.join('\n')}\n`,
    '## Their licences, as they come\n',
    sections.join('\n'),
  ].join('\n');
}

if (import.meta.main) {
  const { dependencies } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const packages = thirdParties(Object.keys(dependencies), root);
  const unknown = unknownLicences(packages);
  const page = thirdPartyPage(packages);
  const path = resolve(root, 'THIRD-PARTY.md');
  if (unknown.length > 0) {
    console.error(`Nobody has looked at these licences:\n${unknown.join('\n')}`);
    process.exitCode = 1;
  } else if (!process.argv.includes('--check')) writeFileSync(path, page);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== page) {
    console.error('THIRD-PARTY.md is not of these packages: npm run third-party.');
    process.exitCode = 1;
  }
}
