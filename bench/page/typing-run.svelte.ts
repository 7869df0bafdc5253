// The benchmark from key press to verified picture, as the page shows it.
import { asSealedError } from '../../src/base/errors.ts';
import { browserSession } from '../../src/ui/shared/browser-session.ts';
import { runTypingBench, type TypingReport } from '../typing-bench.ts';

/** Rounds that count. */
export const TYPING_RUNS = 11;

/** The present or latest run. */
export class TypingRun {
  phase = $state<'idle' | 'running' | 'done' | 'failed'>('idle');
  done = $state(0);
  report = $state.raw<TypingReport | undefined>();
  message = $state('');

  /** Runs to the end; never rejects. */
  async start(): Promise<void> {
    this.phase = 'running';
    this.done = 0;
    this.message = '';
    const session = browserSession();
    try {
      this.report = await runTypingBench(session, TYPING_RUNS, (done) => (this.done = done));
      this.phase = 'done';
    } catch (error) {
      this.message = asSealedError(error).message;
      this.phase = 'failed';
    } finally {
      session.close();
    }
  }
}
