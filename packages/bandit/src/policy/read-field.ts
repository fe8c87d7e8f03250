import { ValidationError } from "@edgewright/core";

/** A field of a state from outside. */
export function readField(state: unknown, key: string, where: string): unknown {
  if (typeof state !== "object" || state === null || !Object.hasOwn(state, key)) {
    throw new ValidationError(
      `${where}: an object with "${key}" was expected, got ${describe(state)}; the snapshot is damaged or of another policy`,
    );
  }
  return (state as Record<string, unknown>)[key];
}

/** Refuses a field that is not the very text expected: a name, or parameters. */
export function expectField(state: unknown, key: string, expected: string, where: string): void {
  const value = readField(state, key, where);
  if (value !== expected) {
    throw new ValidationError(
      `${where}.${key}: "${expected}" was expected, got ${typeof value === "string" ? `"${value}"` : describe(value)}; the snapshot is of a policy with other options`,
    );
  }
}

/** A field that is a whole number from 0. */
export function readWhole(state: unknown, key: string, where: string): number {
  const value = readField(state, key, where);
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new ValidationError(
      `${where}.${key}: a whole number from 0 was expected, got ${describe(value)}; the snapshot is damaged`,
    );
  }
  return value as number;
}

/** A field that is a finite number from 0. */
export function readWeight(state: unknown, key: string, where: string): number {
  const value = readField(state, key, where);
  if (!(typeof value === "number" && value >= 0 && value < Infinity)) {
    throw new ValidationError(
      `${where}.${key}: a finite number from 0 was expected, got ${describe(value)}; the snapshot is damaged`,
    );
  }
  return value;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "object") return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "number" ? String(value) : typeof value;
}
