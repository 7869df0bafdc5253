// Where the end-to-end tests find the two builds: the honest one, and the one whose client leaks its key.

const port = Number(process.env['SEALED_QR_PORT'] ?? 4173);

/** The page as users get it (`vite build`). */
export const origin = `http://localhost:${port}`;

/** The build that must fail the key canary (`vite build --mode leaking`, modules replaced from e2e/leaking/). */
export const leakingOrigin = `http://localhost:${port + 1}`;
