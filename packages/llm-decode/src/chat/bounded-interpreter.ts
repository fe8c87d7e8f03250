import { EdgewrightError } from "@edgewright/core";
import { Environment, Interpreter } from "@huggingface/jinja";
import type { TemplatePlan } from "./plan-template.js";
import type { TemplateBudget } from "./template-budget.js";
import {
  spendOnArguments,
  spendOnFilter,
  spendOnMethod,
  spendOnOperator,
} from "./template-costs.js";
import {
  countIn,
  entriesIn,
  itemsIn,
  type TemplateArguments,
  type TemplateNode,
  type TemplateValue,
  textIn,
} from "./template-values.js";

type Statement = Parameters<Interpreter["evaluate"]>[0];

/** How deep expressions, blocks and macros may lie in one another while they run. */
const MAX_DEPTH = 400;

/** The type of a part whose value is already there. */
const KNOWN = "Known";

/**
 * Runs a template within a budget. The library evaluates everything by way of `evaluate`: operands are
 * evaluated here, what the operation takes is spent, and the library carries it out on the values.
 */
export class BoundedInterpreter extends Interpreter {
  readonly #plan: TemplatePlan;
  readonly #budget: TemplateBudget;
  /** Whose own function it is, of functions that were looked up in a value. */
  readonly #methods = new WeakMap<object, { receiver: TemplateValue; name: string }>();
  readonly #nothing: TemplateValue = new Environment().lookupVariable("");
  #depth = 0;

  constructor(environment: Environment, plan: TemplatePlan, budget: TemplateBudget) {
    super(environment);
    this.#plan = plan;
    this.#budget = budget;
  }

  override evaluate(statement: Statement, environment: Environment): TemplateValue {
    if (!statement) return super.evaluate(statement, environment);
    const node = statement as unknown as TemplateNode;
    if (node.type === KNOWN) return node.value as TemplateValue;
    this.#budget.spend(1);
    if (this.#depth >= MAX_DEPTH) {
      throw new EdgewrightError(
        "limit-exceeded",
        `formatChat: the model's template runs more than ${MAX_DEPTH} deep: its macros may call themselves`,
      );
    }
    this.#depth++;
    try {
      const value = this.#evaluate(node, environment);
      const text = textIn(value);
      if (text !== undefined) this.#budget.checkLength(text.length);
      else if (this.#plan.printed.has(node)) this.#budget.weigh(value);
      return value;
    } finally {
      this.#depth--;
    }
  }

  #evaluate(node: TemplateNode, environment: Environment): TemplateValue {
    const budget = this.#budget;
    const part = (field: string): TemplateValue =>
      this.evaluate(node[field] as Statement, environment);
    const run = (fields: Record<string, unknown>): TemplateValue =>
      super.evaluate(made({ ...node, ...fields }), environment);
    switch (node.type) {
      case "Identifier":
        return this.#lookUp(node.value as string, environment);
      case "BinaryExpression": {
        const left = part("left");
        const operator = (node.operator as { value: string }).value;
        if (operator === "and") return left.__bool__().value ? part("right") : left;
        if (operator === "or") return left.__bool__().value ? left : part("right");
        const right = part("right");
        spendOnOperator(budget, operator, left, right);
        return run({ left: known(left), right: known(right) });
      }
      case "FilterExpression":
        return this.#filter(part("operand"), node.filter as TemplateNode, environment);
      case "FilterStatement": {
        const block = super.evaluate(made({ type: "Program", body: node.body }), environment);
        return this.#filter(block, node.filter as TemplateNode, environment);
      }
      case "TestExpression": {
        const operand = part("operand");
        budget.read(textIn(operand)?.length ?? 0);
        return run({ operand: known(operand) });
      }
      case "MemberExpression":
        return this.#member(node, environment);
      case "CallExpression":
        return run(this.#call(node, environment));
      case "CallStatement": {
        budget.spend(this.#plan.sizes.get(node) ?? 1);
        return run({ call: this.#call(node.call as TemplateNode, environment) });
      }
      case "Macro":
        budget.spend(this.#plan.sizes.get(node) ?? 1);
        return run({});
      case "For": {
        const iterable = node.iterable as TemplateNode;
        const filtered = iterable.type === "SelectExpression";
        const list = this.evaluate(
          (filtered ? iterable.lhs : iterable) as unknown as Statement,
          environment,
        );
        budget.spend(8 * countIn(list));
        return run({ iterable: filtered ? { ...iterable, lhs: known(list) } : known(list) });
      }
      case "Break":
      case "Continue":
        budget.spend(16); // an exception each
        return run({});
      case "ObjectLiteral": {
        const value = run({});
        for (const key of entriesIn(value)?.keys() ?? []) budget.read(key.length);
        return value;
      }
      default:
        return super.evaluate(made(node), environment);
    }
  }

  /** A variable of the innermost scope that has it: the library throws an error for each that none has. */
  #lookUp(name: string, environment: Environment): TemplateValue {
    for (let scope: Environment | undefined = environment; scope; scope = scope.parent) {
      const value = scope.variables.get(name);
      if (value) return value;
    }
    return this.#nothing;
  }

  #filter(operand: TemplateValue, filter: TemplateNode, environment: Environment): TemplateValue {
    const called = filter.type === "CallExpression";
    const name = String(((called ? filter.callee : filter) as TemplateNode).value);
    const { nodes, given } = this.#arguments(called ? filter.args : [], environment);
    spendOnFilter(this.#budget, name, operand, given);
    const applied = called ? { ...filter, args: nodes } : filter;
    return super.evaluate(
      made({ type: "FilterExpression", operand: known(operand), filter: applied }),
      environment,
    );
  }

  #call(call: TemplateNode, environment: Environment): Record<string, unknown> {
    this.#budget.spend(10); // a scope, and places for its variables
    const { nodes, given } = this.#arguments(call.args, environment);
    const callee = this.evaluate(call.callee as Statement, environment);
    const method = this.#methods.get(callee);
    if (method) spendOnMethod(this.#budget, method.name, method.receiver, given);
    else spendOnArguments(this.#budget, given);
    return { callee: known(callee), args: nodes };
  }

  #member(node: TemplateNode, environment: Environment): TemplateValue {
    const budget = this.#budget;
    const object = this.evaluate(node.object as Statement, environment);
    const text = textIn(object);
    let property = node.property as TemplateNode;
    let name = String(property.value);
    budget.spend(text === undefined ? 1 : 8); // a text's functions are made when it is first asked for one
    if (node.computed && property.type === "SliceExpression") {
      budget.spend(text?.length ?? countIn(object) / 4);
    } else if (node.computed) {
      const key = this.evaluate(property as unknown as Statement, environment);
      budget.read((textIn(key) ?? text)?.length ?? 0);
      property = known(key);
      name = textIn(key) ?? "";
    }
    const value = super.evaluate(made({ ...node, object: known(object), property }), environment);
    // The first to hand a function out is the value it belongs to.
    if (value.type === "FunctionValue" && !this.#methods.has(value)) {
      if (text !== undefined || entriesIn(object)?.get(name) !== value) {
        this.#methods.set(value, { receiver: object, name });
      }
    }
    return value;
  }

  #arguments(
    args: unknown,
    environment: Environment,
  ): { nodes: TemplateNode[]; given: TemplateArguments } {
    const nodes = [...(args as TemplateNode[])];
    const positional: TemplateValue[] = [];
    const named = new Map<string, TemplateValue>();
    const isNamed = (arg: TemplateNode): boolean =>
      arg.type === "KeywordArgumentExpression" || arg.type === "KeywordSpreadExpression";
    // As in Python, everything without a name comes first.
    for (const wanted of [false, true]) {
      for (const [at, arg] of nodes.entries()) {
        if (isNamed(arg) !== wanted) continue;
        const field = arg.type === "KeywordArgumentExpression" ? "value" : "argument";
        const whole = arg.type === "StringLiteral"; // some filters take no other
        const inner = (
          isNamed(arg) || arg.type === "SpreadExpression" ? arg[field] : arg
        ) as Statement;
        const value = this.evaluate(inner, environment);
        this.#budget.spend(1);
        if (arg.type === "SpreadExpression" || arg.type === "KeywordSpreadExpression") {
          this.#budget.spend(countIn(value));
          for (const item of itemsIn(value) ?? []) positional.push(item);
          for (const [key, item] of entriesIn(value) ?? []) named.set(key, item);
          nodes[at] = { ...arg, argument: known(value) };
        } else if (arg.type === "KeywordArgumentExpression") {
          named.set(String((arg.key as TemplateNode).value), value);
          nodes[at] = { ...arg, value: known(value) };
        } else {
          positional.push(value);
          if (!whole) nodes[at] = known(value);
        }
      }
    }
    return { nodes, given: { positional, named } };
  }
}

/** A part that is a value. */
function known(value: TemplateValue): TemplateNode {
  return { type: KNOWN, value };
}

function made(node: TemplateNode): Statement {
  return node as unknown as Statement;
}
