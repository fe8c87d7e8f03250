import type * as z from "zod/mini";
import { ValidationError } from "../errors.js";

/** What a schema makes of a value; its complaints become one ValidationError with the first path. */
export function parseWith<T>(schema: z.ZodMiniType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first, ...others] = result.error.issues;
  const path = formatPath(first?.path ?? []);
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new ValidationError(
    `${where}: at ${path || "the top"}: ${first && describeIssue(first)}${more}`,
    {
      cause: result.error,
      where: path,
    },
  );
}

// zod/mini carries no messages of its own ("Invalid input"), so that bundles stay small.
function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `${issue.expected} expected`;
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")} expected`;
    case "unrecognized_keys":
      return `unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "too_small":
      return `${issue.inclusive ? "at least" : "more than"} ${issue.minimum} expected`;
    case "too_big":
      return `${issue.inclusive ? "at most" : "less than"} ${issue.maximum} expected`;
    default:
      return issue.message;
  }
}

// A path into JSON as one writes it: `measurements[3].latencyMs`.
function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}
