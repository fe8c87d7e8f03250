import { ValidationError } from "../errors.js";
import type { TokenizerData } from "./tokenizer-data.js";

/**
 * Checks that a value from a file has the form of {@link TokenizerData}; whether its content makes sense,
 * `createTokenizer` finds.
 *
 * @throws ValidationError naming the field.
 */
export function checkTokenizerData(value: unknown, where: string): TokenizerData {
  const given = (value ?? {}) as Record<string, unknown>;
  const need = (valid: boolean, name: string, expected: string): void => {
    if (!valid) throw new ValidationError(`${where}: tokenizer.${name} must be ${expected}`);
  };
  const listOf = (name: string, type: "string" | "number"): boolean => {
    const list = given[name];
    return Array.isArray(list) && list.every((one) => typeof one === type);
  };
  const optional = (name: string, type: "string" | "number" | "object"): boolean => {
    const found = given[name];
    return found === undefined || (typeof found === type && found !== null);
  };
  need(optional("chatTemplate", "string"), "chatTemplate", "a text");
  const ends = given.otherEnds === undefined || listOf("otherEnds", "number");
  need(ends, "otherEnds", "a list of numbers");
  if (given.kind === "tokenizer-json") {
    const found = given.tokenizer;
    need(typeof found === "object" && found !== null, "tokenizer", "an object");
    need(optional("config", "object"), "config", "an object");
    return given as unknown as TokenizerData;
  }
  need(given.kind === "sentencepiece", "kind", "sentencepiece or tokenizer-json");
  need(listOf("tokens", "string"), "tokens", "a list of texts");
  for (const name of ["scores", "types"]) need(listOf(name, "number"), name, "a list of numbers");
  for (const name of ["bos", "eos", "unknown"]) need(optional(name, "number"), name, "a number");
  for (const name of ["addSpacePrefix", "addBos"]) {
    need(typeof given[name] === "boolean", name, "true or false");
  }
  return given as unknown as TokenizerData;
}
