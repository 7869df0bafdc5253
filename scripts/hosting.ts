// Writes the header files of common static hosts from the one policy: node scripts/hosting.ts.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { headers } from './policy.ts';

const note = (mark: string): string =>
  `${mark} The headers of Sealed QR's page. Written by scripts/hosting.ts from scripts/policy.ts: change it there.`;

const lines = (line: (name: string, value: string) => string): string =>
  Object.entries(headers)
    .map(([name, value]) => line(name, value))
    .join('\n');

/** Text of each file by its path from the checkout's root. */
export const hostingFiles: Readonly<Record<string, string>> = {
  // Netlify and Cloudflare Pages read it where it lies, in the root of the site.
  'public/_headers': `${note('#')}\n/*\n${lines((name, value) => `  ${name}: ${value}`)}\n`,
  'docs/hosting/nginx.conf': `${note('#')}
# In a "server" block that has a name and a certificate. "add_header" in an inner block would replace all of these.
root /srv/sealed-qr/dist;
${lines((name, value) => `add_header ${name} "${value}" always;`)}
default_type application/octet-stream;
types {
  text/html html;
  text/javascript js mjs;
  text/css css;
  application/wasm wasm;
  application/json json;
  image/svg+xml svg;
  font/woff2 woff2;
}
location / {
  try_files $uri $uri/ =404;
}
`,
  'docs/hosting/Caddyfile': `${note('#')}
qr.example.org {
	root * /srv/sealed-qr/dist
	header {
${lines((name, value) => `\t\t${name} "${value}"`)}
	}
	file_server
}
`,
};

if (import.meta.main) {
  for (const [path, text] of Object.entries(hostingFiles)) {
    const place = resolve(import.meta.dirname, '..', path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  }
}
