import { EdgewrightError } from "@edgewright/core";
import { type ChatTemplateLimits, compileTemplate, renderTemplate } from "./render-template.js";

/** One message of a conversation. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool" | (string & {});
  readonly content: string;
}

/** Options of {@link ChatFormatter.format}. */
export interface FormatChatOptions {
  /** End where the assistant begins to speak, so that the model answers. @default true */
  readonly addGenerationPrompt?: boolean;
  /** Further variables of the template: `tools`, `enable_thinking`, `date_string`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Writes conversations as a model was trained to read them. */
export interface ChatFormatter {
  /** The template it follows. */
  readonly template: string;
  /**
   * The prompt of a conversation. Encode it with `{ bos: false, special: true }`: it names control tokens,
   * the first of a text among them.
   *
   * @throws EdgewrightError `invalid-argument` when the template refuses the conversation, `limit-exceeded`
   * when it would take too long or write too much.
   */
  format(messages: readonly ChatMessage[], options?: FormatChatOptions): string;
}

/** Options of {@link createChatFormatter}. */
export interface ChatFormatterOptions {
  /** How the token that begins a text is written. @default "" */
  readonly bosToken?: string;
  /** How the token that ends a text is written. @default "" */
  readonly eosToken?: string;
  /** What the template may take: it comes with the model, and may be made to hang. */
  readonly limits?: ChatTemplateLimits;
  /** The time that templates write into a prompt. @default the clock's */
  readonly now?: () => Date;
}

/**
 * Makes a formatter from a model's chat template, a Jinja text. A template runs within limits: one that loops,
 * calls itself or doubles texts without end fails within a second, before it has taken much memory.
 *
 * @example
 * ```ts
 * const chat = createChatFormatter("{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}");
 * chat.format([{ role: "user", content: "Hello" }]); // "[user] Hello\n"
 * ```
 *
 * @throws ValidationError when the template is no Jinja, EdgewrightError `limit-exceeded` when it is too long
 * or nested too deep.
 */
export function createChatFormatter(
  template: string,
  options: ChatFormatterOptions = {},
): ChatFormatter {
  const { bosToken = "", eosToken = "", limits = {}, now = () => new Date() } = options;
  const compiled = compileTemplate(template, limits);
  return {
    template,
    format(messages: readonly ChatMessage[], formatOptions: FormatChatOptions = {}) {
      checkMessages(messages);
      const { addGenerationPrompt = true, variables = {} } = formatOptions;
      const given = {
        messages: messages.map((message) => ({ ...message })),
        add_generation_prompt: addGenerationPrompt,
        bos_token: bosToken,
        eos_token: eosToken,
        ...variables,
      };
      return renderTemplate(compiled, given, limits, now);
    },
  };
}

function checkMessages(messages: readonly ChatMessage[]): void {
  if (messages.length === 0) {
    throw new EdgewrightError("invalid-argument", "formatChat: expected messages, got none");
  }
  messages.forEach((message, at) => {
    if (typeof message?.role === "string" && typeof message.content === "string") return;
    throw new EdgewrightError(
      "invalid-argument",
      `formatChat: message ${at} must have a role and a content of text`,
    );
  });
}
