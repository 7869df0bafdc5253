// What comes along when people paste a value: invisible characters around and inside it, quotes and brackets around it.

// Unicode's "default ignorable" characters (zero-width spaces, direction marks, soft hyphens, …), U+FFFC, which stands
// for an object that was not copied, and controls other than white space. Inside a text, joiners and variation
// selectors stay: they belong to Persian words and to emoji.
const INVISIBLE =
  /\ufeff|(?![\p{Join_Control}\p{Variation_Selector}\s])[\p{Default_Ignorable_Code_Point}\ufffc\p{Cc}]/gu;

// Quotes of every script and the angle brackets of RFC 3986, appendix C. None of them begins or ends a value.
const MARKS = String.raw`"\p{Pi}\p{Pf}\u201a\u201e\u300c-\u300f\u301d-\u301f\uff02\uff1c\uff1e<>`;
const BEFORE = new RegExp(String.raw`^[\s\p{Join_Control}\p{Variation_Selector}${MARKS}]+`, 'u');
const AFTER = new RegExp(String.raw`[\s\p{Join_Control}${MARKS}]+$`, 'u');

// These may belong to a value, so only a pair of them is taken off.
const PAIRED = /^(['`])(.*)\1$/su;

/** `typed` without invisible characters, and without white space, quotes and angle brackets around it. */
export function withoutWrapping(typed: string): string {
  const visible = typed.replace(INVISIBLE, '').replace(BEFORE, '').replace(AFTER, '');
  const inner = PAIRED.exec(visible)?.[2];
  return inner === undefined ? visible : withoutWrapping(inner);
}

/** `text` with its percent-encoding undone (RFC 3986, 2.1); empty where that is malformed or no UTF-8, hence no value. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // URIError is all that it throws.
    return '';
  }
}
