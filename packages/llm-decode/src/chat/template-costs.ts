import type { TemplateBudget } from "./template-budget.js";
import {
  countIn,
  itemsIn,
  type TemplateArguments,
  type TemplateValue,
  textIn,
} from "./template-values.js";

/** Filters that look at no more than one value, however large. */
const CONSTANT_TIME = ["length", "first", "last", "list", "safe", "default"];

/** Spends what an operator takes between two values, before it is carried out. */
export function spendOnOperator(
  budget: TemplateBudget,
  operator: string,
  left: TemplateValue,
  right: TemplateValue,
): void {
  const [a, b] = [textIn(left), textIn(right)];
  const [listed, among] = [itemsIn(left), itemsIn(right)];
  if (operator === "in" || operator === "not in") {
    if (a === undefined) budget.spend(countIn(right));
    else if (b !== undefined) spendOnSearch(budget, b.length, a.length);
    else budget.spend((among?.length ?? 1) * (1 + a.length / 256));
  } else if (operator === "==" || operator === "!=") {
    if (a !== undefined && a.length === b?.length) budget.read(a.length);
    // A list beside anything else is compared as it would be written.
    else if (!listed !== !among) budget.weigh(listed ? left : right);
  } else if (listed && among && operator === "+") {
    budget.spend((listed.length + among.length) / 16);
  } else if (operator === "~" || operator === "+") {
    if (a === undefined) budget.weigh(left);
    if (b === undefined) budget.weigh(right);
  }
}

/** Spends what a filter takes, before it is carried out. */
export function spendOnFilter(
  budget: TemplateBudget,
  name: string,
  operand: TemplateValue,
  given: TemplateArguments,
): void {
  const text = textIn(operand);
  const items = itemsIn(operand);
  if (name === "tojson") spendOnJson(budget, operand, given);
  else if (CONSTANT_TIME.includes(name)) budget.spend(1);
  else if (text !== undefined) {
    if (name === "indent") spendOnIndent(budget, text, given);
    else if (name === "join") spendOnJoin(budget, text.length, text.length, given);
    else spendOnMethod(budget, name, operand, given);
  } else if (items) {
    if (name === "join") spendOnJoin(budget, budget.weigh(operand), items.length, given);
    else if (name === "sort") spendOnSort(budget, operand, given);
    else if (name === "string" || name === "unique" || isTestOfCase(given)) budget.weigh(operand);
    else budget.spend(items.length * (1 + lengthOf(given) / 8));
  } else spendOnMethod(budget, name, operand, given);
}

/** Spends what a text's or an object's own function takes, before it is called. */
export function spendOnMethod(
  budget: TemplateBudget,
  name: string,
  receiver: TemplateValue,
  given: TemplateArguments,
): void {
  const text = textIn(receiver);
  if (text === undefined) {
    if (name === "dictsort") spendOnSort(budget, receiver, given);
    else budget.spend(countIn(receiver) + lengthOf(given) / 16);
    return;
  }
  budget.read(name === "title" ? text.length * 4 : text.length);
  if (name === "replace") spendOnReplace(budget, text, given);
  else if (name === "split") spendOnSplit(budget, text, given);
  else for (const value of given.positional) budget.weigh(value);
}

/** Spends what handing over arguments takes. */
export function spendOnArguments(budget: TemplateBudget, given: TemplateArguments): void {
  for (const value of given.positional) budget.spend(countIn(value));
  for (const value of given.named.values()) budget.spend(countIn(value));
}

function isTestOfCase({ positional }: TemplateArguments): boolean {
  const test = textIn(positional[1]);
  return test === "lower" || test === "upper";
}

/** How many characters the texts among the arguments have. */
function lengthOf({ positional, named }: TemplateArguments): number {
  let total = 0;
  for (const value of [...positional, ...named.values()]) total += textIn(value)?.length ?? 0;
  return total;
}

/** Engines skip most of a text, but adversaries find texts where they cannot. */
function spendOnSearch(budget: TemplateBudget, text: number, pattern: number): void {
  budget.spend(1 + text / 16 + (text * pattern) / 4096);
}

function spendOnSort(
  budget: TemplateBudget,
  operand: TemplateValue,
  given: TemplateArguments,
): void {
  const count = countIn(operand);
  const rounds = Math.ceil(Math.log2(count + 1));
  budget.spend((count * 2 * (1 + lengthOf(given) / 8) + budget.weigh(operand) / 8) * rounds);
}

function spendOnJoin(
  budget: TemplateBudget,
  length: number,
  count: number,
  { positional, named }: TemplateArguments,
): void {
  const separator = textIn(positional[0] ?? named.get("separator")) ?? "";
  const written = length + count * separator.length;
  budget.checkLength(written);
  budget.spend(count + written / 16);
}

function spendOnIndent(
  budget: TemplateBudget,
  text: string,
  { positional, named }: TemplateArguments,
): void {
  const lines = 1 + countOf(budget, text, "\n");
  const width = Number((positional[0] ?? named.get("width"))?.value ?? 4);
  const written = text.length + lines * Math.max(0, width);
  budget.checkLength(written);
  budget.read(written);
}

function spendOnJson(
  budget: TemplateBudget,
  operand: TemplateValue,
  { named }: TemplateArguments,
): void {
  const indent = Number(named.get("indent")?.value ?? 0);
  budget.checkLength(indent);
  const between = (itemsIn(named.get("separators")) ?? []).map((one) => textIn(one)?.length ?? 0);
  budget.weigh(operand, 2 + between.reduce((a, b) => a + b, 0), Math.max(0, indent));
}

function spendOnReplace(
  budget: TemplateBudget,
  text: string,
  { positional }: TemplateArguments,
): void {
  const [old, by] = [textIn(positional[0]), textIn(positional[1])];
  if (old === undefined || by === undefined) return;
  // It becomes a regular expression, which is dear to make.
  budget.spend(old.length * 16 + (text.length * old.length) / 64);
  const times = old === "" ? text.length + 1 : countOf(budget, text, old);
  const written = text.length + times * by.length;
  budget.checkLength(written);
  budget.read(written);
}

function spendOnSplit(
  budget: TemplateBudget,
  text: string,
  { positional }: TemplateArguments,
): void {
  const separator = textIn(positional[0]);
  if (separator) countOf(budget, text, separator);
  else budget.spend(text.length / 2);
}

/** How often one text lies in another, spending a step each. */
function countOf(budget: TemplateBudget, text: string, part: string): number {
  spendOnSearch(budget, text.length, part.length);
  let times = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) {
    budget.spend(1);
    times++;
  }
  return times;
}
