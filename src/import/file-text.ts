// Text from model files, made safe to show in messages.

/** At most 80 characters of `text`, anything but plain ASCII replaced. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}
