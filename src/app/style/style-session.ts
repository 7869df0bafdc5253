// A session for styles: with this side's own copy of their networks beside it, to hold answers against.
import type { Controls } from '../../base/controls.ts';
import type { Card } from '../../protocol/card.ts';
import type { RunExpectation } from '../session/run-expectation.ts';
import { Session } from '../session/session.ts';
import type { NamedCard } from '../session/segment-request.ts';
import type { SessionWorkers } from '../session/workers.ts';
import { type ModelLoader, StyleReferences } from './reference.ts';
import { type Drawing, networkOptions, styleOptions } from './style-options.ts';
import { boundFor, loweredBy } from './verification-bounds.ts';
import { WithheldTexts } from './withheld-texts.ts';

/** A session and the references that its answers are held against. */
export class StyleSession extends Session {
  /** None where this side has no copy of the styles: then a wrong picture is not found out. */
  readonly references: StyleReferences | undefined;
  readonly #withheld: WithheldTexts;
  readonly #service: string;

  /**
   * @param loadModel reads this side's copies of the styles' networks; undefined where it has none
   * @param withheld what other sessions over the same service have noted, where there are any
   */
  constructor(workers: SessionWorkers, loadModel: ModelLoader | undefined, withheld = new WithheldTexts()) {
    super({ workers, advice: 'Try a shorter text, or try again.' });
    this.references = loadModel && new StyleReferences(loadModel);
    this.#withheld = withheld;
    this.#service = workers.serviceName ?? 'in this program';
  }

  /** Notes that the service is not to be sent `text` again. */
  withhold(text: string): void {
    this.#withheld.add(this.#service, text);
  }

  isWithheld(text: string): boolean {
    return this.#withheld.has(this.#service, text);
  }

  /** The card of `drawing` for a code of `modules` by `modules`: of a style that the service has, or is given now. */
  async styleCard(drawing: Drawing, modules: number, controls: Controls = {}): Promise<NamedCard> {
    const { style, colours, pixelsPerModule } = drawing;
    if (!style.networkFile) return this.card(style.id, styleOptions(drawing, modules), controls);
    const { id } = await this.load(style.networkFile(modules, colours, pixelsPerModule), controls);
    return this.card(id, networkOptions(drawing), controls);
  }

  /** What the float network draws of `dark`, modules row by row; undefined where this side does not know. */
  async reference(
    { style, colours, pixelsPerModule }: Omit<Drawing, 'backend'>,
    modules: number,
    dark: ArrayLike<number>,
    controls: Pick<Controls, 'signal'> = {},
  ): Promise<Float32Array | undefined> {
    return this.references?.picture(style, modules, colours, pixelsPerModule, dark, controls);
  }

  /**
   * What the answer under `card` must be; undefined where this side does not know. The bound is this side's own: the card's,
   * which is the service's word, can only lower it.
   */
  async expected(
    drawing: Drawing,
    modules: number,
    dark: ArrayLike<number>,
    card: Card,
    controls: Pick<Controls, 'signal'> = {},
  ): Promise<RunExpectation | undefined> {
    const reference = await this.reference(drawing, modules, dark, controls);
    if (!reference) return undefined;
    const own = boundFor(drawing.style.id, modules, drawing.backend);
    return { result: { references: [reference], bound: loweredBy(card.expected.errorBound, own) } };
  }
}
