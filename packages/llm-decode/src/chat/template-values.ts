import type { Interpreter } from "@huggingface/jinja";

/** A value of a template while it runs. */
export type TemplateValue = ReturnType<Interpreter["evaluate"]>;

/** A part of a parsed template. */
export interface TemplateNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What a call or a filter is given. */
export interface TemplateArguments {
  readonly positional: readonly TemplateValue[];
  readonly named: ReadonlyMap<string, TemplateValue>;
}

/** The text of a value that is one. */
export function textIn(value: TemplateValue | undefined): string | undefined {
  return value?.type === "StringValue" ? (value.value as string) : undefined;
}

/** The items of a list or tuple. */
export function itemsIn(value: TemplateValue | undefined): readonly TemplateValue[] | undefined {
  if (value?.type !== "ArrayValue" && value?.type !== "TupleValue") return undefined;
  return value.value as TemplateValue[];
}

/** The entries of an object, a namespace or named arguments. */
export function entriesIn(
  value: TemplateValue | undefined,
): ReadonlyMap<string, TemplateValue> | undefined {
  return value?.value instanceof Map ? value.value : undefined;
}

/** How many values lie directly in one: items, entries, otherwise 1. */
export function countIn(value: TemplateValue): number {
  return itemsIn(value)?.length ?? entriesIn(value)?.size ?? 1;
}
