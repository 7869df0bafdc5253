// What the benchmark page and its worker say to each other.
import type { BenchPart, BenchReport } from '../kernel-bench.ts';
import type { Case } from '../measure.ts';

/** Starts the worker's one run. */
export interface KernelBenchRequest {
  readonly parts: readonly BenchPart[];
  readonly pairs: number;
  /** Addresses of the WebAssembly files, and the one that models are found below. */
  readonly seal: string;
  readonly kernel: string;
  readonly base: string;
}

/** A case that is done, the end, or what went wrong. */
export type KernelBenchEvent =
  | { readonly kind: 'case'; readonly result: Case }
  | { readonly kind: 'done'; readonly report: BenchReport }
  | { readonly kind: 'failed'; readonly message: string };
