// A page for tests alone: answers recorded requests in a worker, by the service's own code, and gives the hashes.
import kernelWasm from '../../wasm/build/kernel.wasm?url';
import { trustedScript } from '../../workers/platform/trusted-script.ts';
import script from './worker.ts?worker&url';
import type { Outcome, Question } from './request-file.ts';

/** What a page offers to whoever drives its engine. */
export interface SameBytesPage {
  answerTo(question: Question): Promise<Outcome>;
}

const worker = new Worker(trustedScript(new URL(script, location.href).href), { type: 'module' });

const page: SameBytesPage = {
  answerTo: (question) =>
    new Promise((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
      worker.onerror = ({ message }) => resolve({ failed: message || 'The worker could not be loaded.' });
      worker.postMessage({
        ...question,
        base: location.origin,
        kernel: new URL(kernelWasm, location.href).href,
      });
    }),
};
Object.assign(globalThis, { sameBytes: page });
