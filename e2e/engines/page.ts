// The page as a person meets it, in any engine: found by role and name, clicked where it lies, read as it shows.

import { type Engine, type Point, until } from './engine.ts';

/** What can be found. */
export type Role = 'button' | 'radio' | 'switch' | 'textbox';

/**
 * Where the one visible element of this role and name can be clicked; null while it cannot, or still moves. From then on
 * `clicked` says whether it has been. Runs in the page.
 */
async function pointOf(role: Role, name: string): Promise<Point | null> {
  const selectors: Record<Role, string> = {
    button: 'button',
    radio: 'input[type=radio]',
    switch: '[role=switch]',
    textbox: 'textarea, input:not([type=radio], [type=checkbox], [type=color], [type=file])',
  };
  const tidy = (text: string): string => text.replace(/\s+/g, ' ').trim();
  const nameOf = (element: HTMLElement): string => {
    const labels = (element as HTMLInputElement).labels ?? [];
    const label = element.getAttribute('aria-label') ?? labels[0]?.textContent;
    return tidy(label ?? element.textContent);
  };
  const named = [...document.querySelectorAll<HTMLElement>(selectors[role])].filter(
    (element) => nameOf(element) === name,
  );
  if (named.length > 1) throw new Error(`There are ${named.length} of ${role} "${name}".`);
  const [element] = named;
  if (!element || (element as HTMLButtonElement).disabled) return null;
  // A font that arrives late moves everything.
  await document.fonts.ready;
  // Radio buttons and switches are drawn by their labels.
  const target = role === 'radio' || role === 'switch' ? (element as HTMLInputElement).labels![0] : element;
  target.scrollIntoView({ block: 'center', behavior: 'instant' });
  const place = (): Point => {
    const { left, top, width, height } = target.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  };
  const point = place();
  for (let frame = 0; frame < 2; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  if (place().x !== point.x || place().y !== point.y) return null;
  const hit = document.elementFromPoint(point.x, point.y);
  if (!hit || !(target.contains(hit) || hit === element)) return null;
  const watched = globalThis as { clicked?: boolean };
  watched.clicked = false;
  target.addEventListener('click', () => (watched.clicked = true), { once: true, capture: true });
  return point;
}

/** What is wrong, in the page's own words; undefined while nothing is. Runs in the page. */
function problemShown(): string | undefined {
  const shown = [...document.querySelectorAll<HTMLElement>('[data-code]')].map((element) =>
    element.innerText.replace(/\s+/g, ' ').trim(),
  );
  return shown.length > 0 ? shown.join(' ') : undefined;
}

/** A page in an engine. */
export class EnginePage {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Clicks the element of this role and name as soon as it can be clicked. */
  async click(role: Role, name: string): Promise<void> {
    const what = `the ${role} "${name}"`;
    const point = await until(
      what,
      async () => (await this.#engine.evaluate(pointOf, role, name)) ?? undefined,
    );
    await this.#engine.click(point);
    await until(`the click on ${what} to arrive`, async () => {
      const arrived = await this.#engine.evaluate(() => (globalThis as { clicked?: boolean }).clicked);
      return arrived ? true : undefined;
    });
  }

  /** Chooses a radio button. */
  async choose(name: string): Promise<void> {
    await this.click('radio', name);
  }

  /** Replaces the text of a field by typing. */
  async fill(name: string, text: string): Promise<void> {
    await this.click('textbox', name);
    await this.#engine.evaluate(() => (document.activeElement as HTMLInputElement).select());
    await this.#engine.type(text);
    await this.#holds(text);
  }

  /** Types behind what a field holds. */
  async append(name: string, text: string): Promise<void> {
    await this.click('textbox', name);
    const held = await this.#engine.evaluate(() => {
      const field = document.activeElement as HTMLInputElement;
      field.setSelectionRange(field.value.length, field.value.length);
      return field.value;
    });
    await this.#engine.type(text);
    await this.#holds(held + text);
  }

  /** Turns a switch on or off. */
  async turn(name: string, on: boolean): Promise<void> {
    const isOn = (): Promise<boolean> =>
      this.#engine.evaluate(
        (wanted) =>
          [...document.querySelectorAll<HTMLInputElement>('[role=switch]')].some(
            (element) => element.labels![0].textContent.trim() === wanted && element.checked,
          ),
        name,
      );
    if ((await isOn()) !== on) await this.click('switch', name);
    await until(`the switch "${name}" to turn`, async () => ((await isOn()) === on ? true : undefined));
  }

  /** Waits until something visible matches `selector`, which names a state of the page. @throws what the page says is wrong */
  async reach(selector: string, what: string): Promise<void> {
    await until(what, async () => {
      const problem = await this.#engine.evaluate(problemShown);
      if (problem !== undefined && problem !== null) throw new Error(`The page says: ${problem}`);
      return (await this.#engine.evaluate((wanted) => document.querySelector(wanted) !== null, selector))
        ? true
        : undefined;
    });
  }

  /** The visible text of the first element that matches `selector`. @throws Error where there is none */
  async text(selector: string): Promise<string> {
    const text = await this.#engine.evaluate(
      (wanted) => document.querySelector<HTMLElement>(wanted)?.innerText ?? null,
      selector,
    );
    if (text === null) throw new Error(`Nothing matches ${selector}.`);
    return text;
  }

  /** Waits until all that was typed has arrived in the field that has the focus. */
  async #holds(text: string): Promise<void> {
    await until(`the field to hold ${JSON.stringify(text)}`, async () => {
      const value = await this.#engine.evaluate(() => (document.activeElement as HTMLInputElement).value);
      return value === text ? true : undefined;
    });
  }
}

/** A picture of any format that `source`, an address or the picture shown with that alternative text, is drawn to: PNG bytes. */
export async function drawn(
  engine: Engine,
  source: { address: string } | { alt: string },
): Promise<Uint8Array> {
  const base64 = await engine.evaluate(async (wanted) => {
    const image =
      'alt' in wanted
        ? document.querySelector<HTMLImageElement>(`img[alt="${wanted.alt}"]`)
        : Object.assign(new Image(), { src: wanted.address });
    if (!image) throw new Error('That picture is not shown.');
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext('2d')!.drawImage(image, 0, 0);
    return canvas.toDataURL('image/png').split(',')[1];
  }, source);
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

/** The picture in the clipboard, as the engine itself pastes it into a document: PNG bytes. */
export async function pasted(engine: Engine): Promise<Uint8Array> {
  const alt = 'pasted';
  await engine.evaluate((id) => {
    const field = Object.assign(document.createElement('div'), { id, contentEditable: 'true' });
    document.body.append(field);
    field.focus();
  }, alt);
  await engine.paste();
  await until('the pasted picture', async () => {
    const isThere = await engine.evaluate((id) => {
      const image = document.querySelector(`#${id} img`);
      image?.setAttribute('alt', id);
      return image !== null;
    }, alt);
    return isThere ? true : undefined;
  });
  const bytes = await drawn(engine, { alt });
  await engine.evaluate((id) => document.getElementById(id)!.remove(), alt);
  return bytes;
}
