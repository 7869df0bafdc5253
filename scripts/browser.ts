// Unpacks the Chromium that @sparticuz/chromium carries, with the libraries and fonts a bare Debian lacks.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { inflate } from '@sparticuz/chromium';

/** A browser ready to launch: its binary, and the environment that lets it find its libraries and fonts. */
export interface BrowserExecutable {
  readonly path: string;
  readonly environment: Record<string, string>;
}

/** What this Chromium is started with: no sandbox, which root may not have, and nothing that asks the network. */
export const browserArguments: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

/**
 * The packaged Chromium, unpacked once per package version into node_modules/.cache (about 220 MB, two seconds).
 *
 * The package's own `executablePath()` is not used: it unpacks into the shared temporary directory, where an older
 * version or a half-written file of another process would be taken for ours, and it leaves the libraries packed
 * outside AWS. Safe to call from several processes at once. Throws when the package is damaged or the disk is full.
 */
export async function browserExecutable(): Promise<BrowserExecutable> {
  const packages = createRequire(import.meta.url);
  const packed = resolve(dirname(packages.resolve('@sparticuz/chromium')), '../bin');
  const manifest = JSON.parse(await readFile(resolve(packed, '../package.json'), 'utf8')) as {
    version: string;
  };
  const cache = resolve(import.meta.dirname, '../node_modules/.cache');
  const home = join(cache, `chromium-${manifest.version}`);
  if (!existsSync(home)) await unpack(packed, cache, home);

  const libraries = join(home, 'al2023/lib');
  const inherited = process.env['LD_LIBRARY_PATH'];
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) environment[name] = value;
  environment['LD_LIBRARY_PATH'] = inherited ? `${libraries}:${inherited}` : libraries;
  environment['FONTCONFIG_FILE'] = join(home, 'fonts.conf');
  environment['XDG_CACHE_HOME'] = join(home, 'cache');
  return { path: join(home, 'chromium'), environment };
}

/** Unpacks beside the final place and moves there in one step, so that nobody sees half a browser. */
async function unpack(packed: string, cache: string, home: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'chromium-draft-'));
  const temporary = process.env['TMPDIR'];
  // `inflate` has no destination argument: it writes to os.tmpdir(), which reads TMPDIR at each call.
  process.env['TMPDIR'] = draft;
  try {
    const archives = ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br'];
    await Promise.all(archives.map((archive) => inflate(join(packed, archive))));
  } finally {
    if (temporary === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = temporary;
  }
  await writeFile(
    join(draft, 'fonts.conf'),
    `<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n` +
      `  <dir prefix="relative">fonts</dir>\n  <cachedir prefix="xdg">fontconfig</cachedir>\n</fontconfig>\n`,
  );
  try {
    await rename(draft, home);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was first: its copy is as good as ours.
    if (!existsSync(join(home, 'chromium'))) throw error;
  }
}
