// Saves a text as a file of the visitor's.

/** Offers `text` as a download called `name`. */
export function saveText(text: string, name: string, type = 'application/json'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has taken its reference by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
