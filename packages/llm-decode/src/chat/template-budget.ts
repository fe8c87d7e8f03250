import { EdgewrightError } from "@edgewright/core";
import { entriesIn, itemsIn, type TemplateValue, textIn } from "./template-values.js";

/** How deep values may lie in one another where they are written out. */
const MAX_VALUE_DEPTH = 100;

/**
 * What one run of a template may still do. A step is about a microsecond: one expression, or 16 characters
 * that are read. Steps rather than a clock, so that a conversation is refused everywhere or nowhere.
 */
export class TemplateBudget {
  readonly #steps: number;
  readonly #length: number;
  #left: number;

  /**
   * @param steps how many steps it may take
   * @param length how many characters any text may have, that of the prompt among them
   */
  constructor(steps: number, length: number) {
    this.#steps = steps;
    this.#length = length;
    this.#left = steps;
  }

  /**
   * Takes steps off.
   *
   * @throws EdgewrightError `limit-exceeded` when they are spent.
   */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left >= 0) return;
    throw new EdgewrightError(
      "limit-exceeded",
      `formatChat: the model's template takes more than ${Math.floor(this.#steps)} steps for this ` +
        "conversation; give another template, or raise limits.steps if you trust it",
    );
  }

  /** Spends what reading so many characters takes. */
  read(characters: number): void {
    this.spend(1 + characters / 16);
  }

  /**
   * Checks the length of a text before it is written.
   *
   * @throws EdgewrightError `limit-exceeded` when it is too long.
   */
  checkLength(characters: number): void {
    if (characters <= this.#length) return;
    throw new EdgewrightError(
      "limit-exceeded",
      `formatChat: the model's template writes more than ${this.#length} characters; give another ` +
        "template, or raise limits.promptLength if you trust it",
    );
  }

  /**
   * About how many characters a value is when it is written out, spending what that takes: lists that lie
   * in one another many times over are counted as often as they would be written.
   *
   * @param each characters between two values
   * @param indent characters that every level is indented by
   */
  weigh(value: TemplateValue, each = 2, indent = 0, depth = 0): number {
    if (depth > MAX_VALUE_DEPTH) {
      throw new EdgewrightError(
        "limit-exceeded",
        `formatChat: the model's template writes values that lie more than ${MAX_VALUE_DEPTH} deep`,
      );
    }
    const around = each + indent * (depth + 1);
    this.read(around);
    const text = textIn(value);
    if (text !== undefined) {
      this.read(text.length);
      return text.length + around;
    }
    let total = 24 + around;
    for (const item of itemsIn(value) ?? []) total += this.weigh(item, each, indent, depth + 1);
    for (const [key, item] of entriesIn(value) ?? []) {
      this.read(key.length);
      total += key.length + around + this.weigh(item, each, indent, depth + 1);
    }
    this.checkLength(total / 6); // less than is written: quotes and escapes come on top
    return total;
  }
}
