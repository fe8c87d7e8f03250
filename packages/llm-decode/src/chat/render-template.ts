import { EdgewrightError, ValidationError } from "@edgewright/core";
import { Environment, Template } from "@huggingface/jinja";
import { BoundedInterpreter } from "./bounded-interpreter.js";
import { checkTemplateText, planTemplate, type TemplatePlan } from "./plan-template.js";
import { TemplateBudget } from "./template-budget.js";
import { templateGlobals } from "./template-globals.js";
import type { TemplateNode } from "./template-values.js";

/** What a template, which comes with a model and may be anybody's, may take. */
export interface ChatTemplateLimits {
  /** Characters of the template. @default 131072 */
  readonly templateLength?: number;
  /** Characters of the prompt, and of any text on the way to it. @default 4194304 */
  readonly promptLength?: number;
  /**
   * Steps of a conversation, on top of 400 for each of its values and 4 for each of its characters. A step is
   * about a microsecond: one expression, or 16 characters that are read.
   * @default 400000
   */
  readonly steps?: number;
}

/** A template that was read. */
export interface CompiledTemplate {
  readonly program: Template["parsed"];
  readonly plan: TemplatePlan;
}

const MAX_REASON = 500;
const MAX_DATA_DEPTH = 64;

/**
 * Reads a template.
 *
 * @throws ValidationError when it is no Jinja, EdgewrightError `limit-exceeded` when it is too long or nested
 * too deep.
 */
export function compileTemplate(template: string, limits: ChatTemplateLimits): CompiledTemplate {
  checkTemplateText(template, limits.templateLength ?? 131072);
  try {
    const program = new Template(template).parsed;
    return { program, plan: planTemplate(program as unknown as TemplateNode) };
  } catch (cause) {
    if (cause instanceof EdgewrightError) throw cause;
    if (isExhaustion(cause)) {
      throw new EdgewrightError(
        "limit-exceeded",
        "createChatFormatter: the template is nested too deep to be read",
        { cause },
      );
    }
    throw new ValidationError(
      `createChatFormatter: the template cannot be read: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

/**
 * Runs a template on its variables.
 *
 * @throws EdgewrightError `invalid-argument` when it refuses them, `limit-exceeded` when it takes too much.
 */
export function renderTemplate(
  { program, plan }: CompiledTemplate,
  variables: Readonly<Record<string, unknown>>,
  limits: ChatTemplateLimits,
  now: () => Date,
): string {
  const { steps = 400_000, promptLength = 4_194_304 } = limits;
  const size = measureData(variables);
  const budget = new TemplateBudget(steps + 400 * size.values + 4 * size.characters, promptLength);
  try {
    const globals = new Environment();
    for (const [name, value] of Object.entries(templateGlobals(budget, now))) {
      globals.set(name, value);
    }
    const scope = new Environment(globals);
    for (const [name, value] of Object.entries(variables)) scope.set(name, value);
    return String(new BoundedInterpreter(scope, plan, budget).run(program).value);
  } catch (cause) {
    if (cause instanceof EdgewrightError) throw cause;
    throw new EdgewrightError(
      isExhaustion(cause) ? "limit-exceeded" : "invalid-argument",
      `formatChat: the model's template refuses this conversation: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

/** How much a conversation is: long ones may take longer. */
function measureData(
  value: unknown,
  total: { values: number; characters: number } = { values: 0, characters: 0 },
  depth = 0,
): { values: number; characters: number } {
  if (depth > MAX_DATA_DEPTH) {
    throw new EdgewrightError(
      "invalid-argument",
      `formatChat: expected variables at most ${MAX_DATA_DEPTH} deep in one another, got deeper ones`,
    );
  }
  total.values++;
  if (typeof value === "string") total.characters += value.length;
  else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      total.characters += key.length;
      measureData(inner, total, depth + 1);
    }
  }
  return total;
}

/** Whether it is one of the engine's own limits: its stack, the length of its texts. */
function isExhaustion(cause: unknown): boolean {
  return cause instanceof RangeError || (cause instanceof Error && cause.name === "InternalError");
}

function reasonOf(cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}...` : reason;
}
