import { ValidationError } from "@edgewright/core";
import * as z from "zod/mini";
import type { Design } from "./design.js";
import { type DesignSet, MAX_SWITCHING_ENGINES } from "./design-set.js";

// Unknown keys are refused: a misspelt one would otherwise be lost without a word.
const designSetSchema = /*@__PURE__*/ (() => {
  const name = z.string().check(z.minLength(1));
  const index = z.int().check(z.nonnegative());
  const assignment = z.strictObject({
    task: name,
    model: name,
    precision: name,
    engine: name,
    processor: name,
    options: z.exactOptional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
  });
  const design = z.strictObject({
    assignments: z.array(assignment).check(z.minLength(1)),
    metrics: z.record(z.string(), z.number()),
    // JSON has no Infinity.
    contention: z.exactOptional(z.enum(["measured", "modelled"])),
    optimality: z.union([z.null(), z.literal(Number.POSITIVE_INFINITY), z.number()]),
  });
  return z.strictObject({
    version: z.literal(1),
    designs: z.array(design).check(z.minLength(1)),
    roles: z.strictObject({
      d0: index,
      d1: z.exactOptional(index),
      d2: z.exactOptional(index),
      dm: index,
      dw: index,
    }),
    engines: z.array(name).check(z.minLength(1), z.maxLength(MAX_SWITCHING_ENGINES)),
    table: z.array(z.strictObject({ design: index, change: z.enum(["none", "CM", "CP", "CB"]) })),
  });
})();

/**
 * Checks that a value from outside, say a parsed JSON file, is a {@link DesignSet}: its form, that every index and
 * processor exists, and that the table has an entry for every state.
 *
 * @throws ValidationError with the path of the first fault in `where`.
 *
 * @example
 * ```ts
 * declare const text: string;
 * const set = parseDesignSet(JSON.parse(text));
 * ```
 */
export function parseDesignSet(value: unknown): DesignSet {
  const result = designSetSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw fault(formatPath(issue?.path ?? []), describeIssue(issue));
  }
  const { designs: found, ...rest } = result.data;
  const { roles, engines, table } = rest;
  const designs: Design[] = found.map((design) => ({
    ...design,
    optimality: design.optimality ?? Number.POSITIVE_INFINITY,
  }));
  if (new Set(engines).size < engines.length) throw fault("engines", "a name is used twice");
  designs.forEach(({ assignments }, i) => {
    assignments.forEach(({ processor }, j) => {
      if (!engines.includes(processor)) {
        const path = `designs[${i}].assignments[${j}].processor`;
        throw fault(path, `one of ${engines.join(", ")} was expected, got "${processor}"`);
      }
    });
  });
  const tasksOf = ({ assignments }: Design): string =>
    JSON.stringify(assignments.map(({ task }) => task).sort());
  designs.forEach((design, i) => {
    const { assignments } = design;
    if (new Set(assignments.map(({ task }) => task)).size < assignments.length) {
      throw fault(`designs[${i}].assignments`, "a task is assigned twice");
    }
    // Whichever design runs, every task must be served.
    if (tasksOf(design) !== tasksOf(designs[0]!)) {
      const path = `designs[${i}].assignments`;
      throw fault(path, `the tasks ${tasksOf(designs[0]!)} of the first design were expected`);
    }
  });
  const checkIndex = (index: number, path: string): void => {
    if (index >= designs.length) {
      throw fault(
        path,
        `there are ${designs.length} designs, so there is none with index ${index}`,
      );
    }
  };
  for (const [role, index] of Object.entries(roles)) checkIndex(index, `roles.${role}`);
  table.forEach(({ design }, state) => {
    checkIndex(design, `table[${state}].design`);
  });
  const states = 2 ** (engines.length + 1);
  if (table.length !== states) {
    const why = `${engines.length} engines and memory have ${states} states`;
    throw fault("table", `${why}, got ${table.length} entries`);
  }
  return { ...rest, designs };
}

function fault(path: string, message: string): ValidationError {
  return new ValidationError(`parseDesignSet: at ${path || "the top"}: ${message}`, {
    where: path,
  });
}

// zod/mini carries no messages of its own ("Invalid input"), so that bundles stay small.
function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "invalid_type":
      return `${issue.expected} expected`;
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")} expected`;
    case "unrecognized_keys":
      return `unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "too_small":
      return `at least ${issue.minimum} expected`;
    case "too_big":
      return `at most ${issue.maximum} expected`;
    default:
      return issue?.message ?? "a design set was expected";
  }
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}
