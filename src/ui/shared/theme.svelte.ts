// Light or dark: the system's choice until the visitor makes one, which is remembered.

/** A choice of theme; `system` follows the device. */
export const THEMES = ['system', 'light', 'dark'] as const;

/** One of {@link THEMES}. */
export type ThemeName = (typeof THEMES)[number];

const STORAGE_KEY = 'sealed-qr-theme';

/** The page's theme. */
export class Theme {
  #name = $state<ThemeName>('system');

  constructor() {
    const stored = THEMES.find((name) => name === readStored());
    if (stored) this.name = stored;
  }

  get name(): ThemeName {
    return this.#name;
  }

  set name(name: ThemeName) {
    this.#name = name;
    document.documentElement.dataset['theme'] = name;
    try {
      localStorage.setItem(STORAGE_KEY, name);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  }

  next(): void {
    this.name = THEMES[(THEMES.indexOf(this.#name) + 1) % THEMES.length]!;
  }
}

function readStored(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}
