import { EdgewrightError } from "@edgewright/core";
import type { TemplateNode } from "./template-values.js";

/** How deep a template's expressions and blocks may lie in one another. */
const MAX_NESTING = 250;

/** Spaces in a row: the time to read a template grows with their square. */
const MAX_SPACES = 256;

/** What is known of a template before it runs. */
export interface TemplatePlan {
  /** Statements whose value is written into the prompt. */
  readonly printed: WeakSet<object>;
  /** How many parts a statement has. */
  readonly sizes: WeakMap<object, number>;
}

/**
 * Checks a template's text before it is read.
 *
 * @throws EdgewrightError `limit-exceeded` when it is too long, or has too many spaces in a row.
 */
export function checkTemplateText(template: string, maxLength: number): void {
  if (template.length > maxLength) {
    throw new EdgewrightError(
      "limit-exceeded",
      `createChatFormatter: the template has ${template.length} characters, more than ${maxLength}; ` +
        "give another one, or raise limits.templateLength if you trust it",
    );
  }
  for (const { 0: spaces } of template.matchAll(/\s+/g)) {
    if (spaces.length <= MAX_SPACES) continue;
    throw new EdgewrightError(
      "limit-exceeded",
      `createChatFormatter: the template has ${spaces.length} spaces in a row, more than ${MAX_SPACES}`,
    );
  }
}

/**
 * Looks through a parsed template once.
 *
 * @throws EdgewrightError `limit-exceeded` when it is nested too deep.
 */
export function planTemplate(program: TemplateNode): TemplatePlan {
  const printed = new WeakSet<object>();
  const sizes = new WeakMap<object, number>();

  function visit(node: TemplateNode, depth: number): number {
    if (depth > MAX_NESTING) {
      throw new EdgewrightError(
        "limit-exceeded",
        `createChatFormatter: the template is nested more than ${MAX_NESTING} deep`,
      );
    }
    let size = 1;
    for (const [field, part] of Object.entries(node)) {
      if (field === "body" || field === "alternate" || field === "defaultBlock") {
        for (const statement of part as TemplateNode[]) printed.add(statement);
      }
      for (const child of nodesIn(part)) size += visit(child, depth + 1);
    }
    sizes.set(node, size);
    return size;
  }

  visit(program, 0);
  return { printed, sizes };
}

function nodesIn(part: unknown): TemplateNode[] {
  if (part instanceof Map) return [...part.keys(), ...part.values()];
  if (Array.isArray(part)) return part;
  return typeof part === "object" && part !== null ? [part as TemplateNode] : [];
}
