// A report in one sentence, for the status line.
import type { StyleReport } from '../../../app/style/report.ts';
import { formatMs } from '../../shared/figures.ts';

/** What was made, how long it took, and that it reads. */
export function describeOutcome({ payload, timings }: StyleReport): string {
  return `Done in ${formatMs(timings.totalMs)}. Version ${payload.version}, read back exactly by two scanners.`;
}
