// What a server has to say with each file of the built page: the one source of the page's own policy and of docs/hosting.

/** Everything from this origin and nothing from any other; compiling WebAssembly is the one thing eval-like. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  // Workers are started from memory (workers/platform/browser-worker.ts).
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "style-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  // Markup and workers' scripts come from two places alone: Svelte's templates, and workers/platform/trusted-script.ts.
  "require-trusted-types-for 'script'",
  'trusted-types sealed-qr svelte-trusted-html',
].join('; ');

/** What no part of the page asks for. Engines pass over a header, or names in it, that they do not know. */
const refusedFeatures = [
  ...['accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid', 'idle-detection'],
  ...[
    'magnetometer',
    'microphone',
    'midi',
    'payment',
    'screen-wake-lock',
    'serial',
    'usb',
    'xr-spatial-tracking',
  ],
];

/**
 * The headers by name. The page carries its policy itself, and its workers take it from the page; that nobody may frame it
 * a page cannot say of itself, nor that it shares no process with others.
 */
export const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `${contentSecurityPolicy}; frame-ancestors 'none'`,
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': refusedFeatures.map((feature) => `${feature}=()`).join(', '),
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};
