// Makes a row of the report out of what was kept of it.
import { CAUSES, causeName, scoreName, TREATMENTS } from './score.ts';
import { READINGS } from './readings.ts';
import type { RowReport, WayReport } from './study-report.ts';
import type { StudyRow } from './study-rows.ts';
import type { RowState } from './study-run.ts';
import { figuresOf } from './tally.ts';

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** What `state` says, in figures. */
function wayReport({
  done,
  tallies,
  milliseconds,
  processorMilliseconds,
  sample,
  encrypted,
}: RowState): WayReport {
  const scores = READINGS.flatMap((reading) =>
    TREATMENTS.map((treatment) => ({
      reading,
      treatment,
      ...figuresOf(tallies[`table: ${scoreName(reading, treatment)}`]),
    })),
  );
  const readers = Object.entries(tallies)
    .filter(([name]) => name.startsWith('readers: '))
    .map(([name, tally]) => ({ reader: name.slice('readers: '.length), exact: figuresOf(tally).readExact }));
  const causes = CAUSES.flatMap((cause) => {
    const name = `causes: ${causeName(cause)}`;
    return Object.hasOwn(tallies, name) ? [{ ...cause, ...figuresOf(tallies[name]) }] : [];
  });
  return {
    count: done,
    medianMs: median(milliseconds),
    leastMs: Math.min(...milliseconds),
    leastProcessorMs: processorMilliseconds && Math.min(...processorMilliseconds),
    scores,
    readers,
    causes,
    sample,
    encrypted,
  };
}

/** One row of the report. */
export function rowReport(
  { id, name }: StudyRow,
  clear: RowState | undefined,
  encrypted: RowState | undefined,
  missing?: string,
): RowReport {
  return {
    id,
    name,
    clear: clear && wayReport(clear),
    encrypted: encrypted && wayReport(encrypted),
    missing,
  };
}
