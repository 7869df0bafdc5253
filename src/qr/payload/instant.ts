// Reads a time as ISO 8601 writes it, as fields of the page and programs give it.

const ISO_TIME =
  /^([+-]\d{6}|\d{4,6})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i;

/** Minutes east of Greenwich of "Z" or "+01:00". */
function offsetMinutes(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (60 * Number(hours) + Number(minutes));
}

/**
 * The instant of `text` to the second: `2026-01-31T17:45`, with seconds and `Z` or an offset where wanted; without those
 * it is this machine's local time, as in a form's date field. Years may have more digits than four, so that whoever uses
 * the instant can say what is wrong with them. An invalid Date for anything else, 30 February among it: `Date.parse` would
 * make it 2 March, and what else it takes differs between engines.
 */
export function parseInstant(text: string): Date {
  const match = ISO_TIME.exec(text.trim());
  if (!match) return new Date(NaN);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  // In UTC every wall time exists. What the calendar lacks comes back as another day or hour.
  const wall = new Date(0);
  wall.setUTCFullYear(year, month - 1, day);
  wall.setUTCHours(hour, minute, second);
  const read = [wall.getUTCMonth() + 1, wall.getUTCDate(), wall.getUTCHours()];
  const isReal = read.join() === [month, day, hour].join() && minute < 60 && second < 60;
  if (!isReal) return new Date(NaN);
  const zone = match[7];
  if (zone !== undefined) return new Date(wall.getTime() - offsetMinutes(zone) * 60_000);
  const local = new Date(0);
  local.setFullYear(year, month - 1, day);
  local.setHours(hour, minute, second, 0);
  return local;
}
