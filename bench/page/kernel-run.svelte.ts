// One run of the kernel's benchmark in its worker, as the page shows it.
import { type BenchPart, type BenchReport, caseCount } from '../kernel-bench.ts';
import type { Case } from '../measure.ts';
import type { KernelBenchEvent } from './kernel-messages.ts';
import { startKernelBench } from './start-kernel-bench.ts';

/** The present or latest run. */
export class KernelRun {
  phase = $state<'idle' | 'running' | 'done' | 'stopped' | 'failed'>('idle');
  cases = $state.raw<readonly Case[]>([]);
  report = $state.raw<BenchReport | undefined>();
  message = $state('');
  expected = $state(0);
  #terminate: (() => void) | undefined;

  /** Starts a run, in the place of one that is still going. */
  start(parts: readonly BenchPart[], pairs: number): void {
    this.#terminate?.();
    this.phase = 'running';
    this.cases = [];
    this.report = undefined;
    this.message = '';
    this.expected = caseCount(parts);
    this.#terminate = startKernelBench(parts, pairs, (event) => this.#hear(event));
  }

  /** Ends the run; what it has measured stays. */
  stop(): void {
    this.#end('stopped');
  }

  #hear(event: KernelBenchEvent): void {
    if (event.kind === 'case') {
      this.cases = [...this.cases, event.result];
      return;
    }
    if (event.kind === 'done') this.report = event.report;
    else this.message = event.message;
    this.#end(event.kind);
  }

  #end(phase: 'done' | 'stopped' | 'failed'): void {
    this.#terminate?.();
    this.#terminate = undefined;
    this.phase = phase;
  }
}
