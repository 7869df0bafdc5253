// How end-to-end tests run: the built page under vite preview, in the Chromium that an npm package carries.

import { defineConfig } from '@playwright/test';
import { leakingOrigin, origin } from './e2e/origins.ts';
import { browserArguments, browserExecutable } from './scripts/browser.ts';

const browser = await browserExecutable();

/** No outcome depends on speed: waiting ends here only where nothing will ever come. In milliseconds. */
const HANG = 180_000;

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.e2e.ts',
  outputDir: 'test-results',
  // One at a time: each test keeps both cores busy with homomorphic work.
  workers: 1,
  timeout: 5 * HANG,
  expect: { timeout: HANG },
  retries: 0,
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: '.cache/e2e.json' }]],
  use: {
    baseURL: origin,
    trace: 'off',
    actionTimeout: HANG,
    launchOptions: {
      executablePath: browser.path,
      env: browser.environment,
      args: [...browserArguments],
    },
  },
  projects: [
    { name: 'chromium', grepInvert: /@long/, use: { browserName: 'chromium' } },
    // What `npm test` has no time for: npm run test:long.
    { name: 'long', grep: /@long/, use: { browserName: 'chromium' } },
  ],
  webServer: [
    { command: 'vite preview', url: origin, reuseExistingServer: false, timeout: HANG },
    {
      command:
        'vite build --mode leaking --logLevel error && ' +
        `vite preview --mode leaking --port ${new URL(leakingOrigin).port}`,
      url: leakingOrigin,
      reuseExistingServer: false,
      timeout: HANG,
    },
  ],
});
