// A static host that knows nothing of the page: it sends files with their types and no other header.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** A running server. */
export interface PlainServer extends AsyncDisposable {
  readonly origin: string;
}

/** How a host may differ from a plain one. */
export interface PlainServerOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** What becomes of a file's text before it is sent; pictures and WebAssembly are sent as they are. */
  readonly change?: (text: string, path: string) => string;
}

/** The policy that the built page carries. */
const POLICY_TAG = /<meta http-equiv="Content-Security-Policy"[^>]*>/;

/** The page without its policy, as a host would serve it that rewrites pages. @throws Error where it has none */
export function withoutPolicy(text: string, path: string): string {
  if (!path.endsWith('.html')) return text;
  if (!POLICY_TAG.test(text)) throw new Error(`${path} carries no policy.`);
  return text.replace(POLICY_TAG, '');
}

/** Serves `folder` on a free port of this machine. */
export async function servePlainly(
  folder: string,
  { headers = {}, change = (text) => text }: PlainServerOptions = {},
): Promise<PlainServer> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    readFile(file).then(
      (bytes) => {
        const isText = /^text\//.test(type);
        response.writeHead(200, { ...headers, 'Content-Type': type });
        response.end(isText ? change(bytes.toString(), file) : bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
