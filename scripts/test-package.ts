// Packs the package, installs it in an empty folder, and uses it there as its users do: npx, Node, types, a page, Vite.
// `--drop PATH` takes a file out of the installed package first: the gate must then fail.
import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium, type Browser } from '@playwright/test';
import { browserArguments, browserExecutable } from './browser.ts';
import { root } from './gates.ts';
import { installPackage, runIn } from './installed-package.ts';
import { reachableScripts } from './reachable-scripts.ts';
import { serveFolder } from './serve-folder.ts';

// Reached only where nothing will ever come; in milliseconds.
const HANG = 180_000;

const dropped = process.argv[process.argv.indexOf('--drop') + 1];
let folder: string | undefined;
let failed = 0;

async function check(what: string, work: () => Promise<void>): Promise<void> {
  const started = performance.now();
  try {
    await work();
    console.log(`ok    ${what} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${what}\n${String(error).replace(/^/gm, '      ')}`);
  }
}

function requireIn(text: string, ...parts: readonly string[]): void {
  for (const part of parts)
    if (!text.includes(part)) throw new Error(`"${part}" is missing in what was printed:\n${text}`);
}

/** Opens `address`, does `act`, and waits for a picture of `selector`. Fails on any error of the page. */
async function seesPicture(
  browser: Browser,
  address: string,
  act: (page: Awaited<ReturnType<Browser['newPage']>>) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage();
  page.setDefaultTimeout(HANG);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  page.on('response', (response) => void (response.status() >= 400 && errors.push(`404 ${response.url()}`)));
  await page.goto(address);
  const failure = new Promise<never>((_, fail) =>
    page.on('pageerror', (error) => fail(new Error(`${error.message}\n${errors.join('\n')}`))),
  );
  await Promise.race([act(page), failure]);
  const picture = page.getByAltText('The styled QR code');
  const alert = page.getByRole('alert');
  await Promise.race([picture.or(alert).waitFor(), failure]);
  if (await alert.isVisible()) throw new Error(`${await alert.innerText()}\n${errors.join('\n')}`);
  const width = await picture.evaluate(async (image: HTMLImageElement) => {
    await image.decode();
    return image.naturalWidth;
  });
  if (width < 100 || errors.length > 0) throw new Error(`A picture ${width} wide; ${errors.join('\n')}`);
  await page.close();
}

try {
  await check('builds', () => runIn(root, 'node', 'scripts/build-package.ts').then(() => undefined));
  await check('packs, and installs in an empty folder', async () => {
    folder = await installPackage();
  });
  if (folder === undefined) throw new Error('There is nothing to try.');
  const at = folder;
  if (process.argv.includes('--drop')) rmSync(resolve(at, 'node_modules/sealed-qr', dropped));

  await check('npx sealed-qr style', async () => {
    const printed = await runIn(at, 'npx', '--no-install', 'sealed-qr', 'style', 'a text', '--out', 'a.png');
    requireIn(printed, 'zxing', 'a.png');
  });
  await check("import { styleCode } from 'sealed-qr'", async () => {
    requireIn(await runIn(at, 'node', 'style-code.ts'), 'both decoders read "https://example.org"');
  });
  await check('sealed-qr/engine', async () => {
    const files = ['digits.onnx', 'digits-input.npy'].map((name) => resolve(root, 'public/models', name));
    requireIn(await runIn(at, 'node', 'network.ts', ...files), 'The largest is number 0');
  });
  await check('sealed-qr/client over a service', async () => {
    requireIn(await runIn(at, 'node', 'client.ts'), 'Styled as ink');
  });
  await check('no compiler within reach of sealed-qr/client', async () => {
    const built = resolve(at, 'node_modules/sealed-qr/dist-lib');
    const reached = ['browser/client.js', 'src/face/client.js'].flatMap((path) => [
      ...reachableScripts(resolve(built, path)),
    ]);
    const wrong = reached.filter((path) => /(compiler|service|evaluator)(-worker|-role)?\.js$/.test(path));
    const contracts = wrong.filter((path) => !path.includes('/src/protocol/'));
    if (reached.length < 20 || contracts.length > 0) throw new Error(contracts.join('\n'));
  });
  await check('types', async () => {
    const options = {
      ...{ module: 'nodenext', target: 'esnext', strict: true, noEmit: true, types: ['node'] },
      ...{ lib: ['ESNext', 'DOM'], typeRoots: [resolve(root, 'node_modules/@types')] },
    };
    const files = ['style-code.ts', 'network.ts', 'client.ts', 'layers.ts'];
    writeFileSync(resolve(at, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
    await runIn(at, 'tsc');
  });

  const { path, environment } = await browserExecutable();
  const browser = await chromium.launch({
    executablePath: path,
    env: environment,
    args: [...browserArguments],
  });
  await check('a plain page, without a build', async () => {
    const { server, origin } = await serveFolder(at);
    try {
      await seesPicture(browser, `${origin}/page/`, (page) => page.getByRole('button').click());
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
  await check('a Svelte component, built by Vite', async () => {
    await runIn(resolve(at, 'svelte'), 'vite', 'build', '--logLevel', 'warn');
    const { server, origin } = await serveFolder(resolve(at, 'svelte/dist'));
    try {
      await seesPicture(browser, `${origin}/`, async () => undefined);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
  await browser.close();
} catch (error) {
  failed += 1;
  console.log(String(error));
} finally {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
console.log(failed === 0 ? 'The package works where it is installed.' : `${failed} failed.`);
process.exitCode = failed === 0 ? 0 : 1;
