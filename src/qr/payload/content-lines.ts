// Lines of vCards and calendars: escaping, and the text of all lines (RFC 2426, RFC 5545).

/**
 * `text` as a value: a backslash before \ ; and , and line breaks as \n (RFC 2426, 2.4.2; RFC 5545, 3.3.11 is the same).
 * Control characters, which no line may hold (RFC 5545, 3.1), are left out.
 */
export function escapeCardText(text: string): string {
  return text
    .replace(/[\\;,]/g, (character) => `\\${character}`)
    .replace(/\r\n|\r|\n/g, '\\n')
    .replace(/(?!\t)\p{Cc}/gu, '');
}

/** Octets that a line may have, without its end (RFC 5545, 3.1; RFC 2426, 2.6). */
const LINE_OCTETS = 75;

/** `line` cut so that no piece is longer than 75 octets; each further piece begins with a space. Characters stay whole. */
function folded(line: string): string {
  let text = '';
  let octets = 0;
  for (const character of line) {
    const size = new TextEncoder().encode(character).length;
    if (octets + size > LINE_OCTETS) {
      text += '\r\n ';
      octets = 1;
    }
    text += character;
    octets += size;
  }
  return text;
}

/** The text of `lines`, folded, each ended by CRLF, the last as well. */
export function contentLines(lines: readonly string[]): string {
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}
