// The package's gate has teeth: with one file less in the installed package it fails and says where.
import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { projectEnvironment, root } from './gates.ts';

function gateWithout(path: string): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn('node', ['scripts/test-package.ts', '--drop', path], {
      cwd: root,
      env: projectEnvironment(),
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', fail);
    child.on('close', (code) => done({ code, output }));
  });
}

describe('the gate of the package', { tags: ['long'] }, () => {
  it('fails in browsers without a file that they fetch, and passes in Node', async () => {
    const { code, output } = await gateWithout('dist-lib/browser/kernel.wasm');
    expect(code).toBe(1);
    expect(output).toMatch(/^ok +npx sealed-qr style/m);
    expect(output).toMatch(/^FAIL +a Svelte component, built by Vite\n.*kernel\.wasm/m);
  });

  it('fails in Node without a worker', async () => {
    const { code, output } = await gateWithout('dist-lib/workers/client.js');
    expect(code).toBe(1);
    expect(output).toMatch(/^FAIL +npx sealed-qr style/m);
    expect(output).toMatch(/^ok +a plain page, without a build/m);
  });
});
