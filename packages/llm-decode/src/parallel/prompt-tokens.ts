import {
  EdgewrightError,
  readSafetensors,
  type Tensor,
  tensor,
  ValidationError,
  writeSafetensors,
} from "@edgewright/core";
import type { PromptSuffix } from "../engine/run-prompt.js";
import type { ContinuationTable } from "../lookup/continuation-table.js";
import { continuationTensors, restoreFromTensors } from "../lookup/continuation-table-file.js";
import { parseSparseTrees, type SparseTrees } from "./sparse-trees.js";

/**
 * Trained embeddings that stand for tokens yet unknown: behind the last token of a text, the `k`-th makes the model
 * predict `k + 1` tokens ahead (PPD, arXiv:2405.18628, section 3). They belong to one model.
 */
export interface PromptTokens {
  /** Prompt tokens: how many tokens behind the next one are guessed. */
  readonly count: number;
  /**
   * Embeddings of each prompt token, whose predictions are averaged. The `j`-th of one sees the `j`-th of those
   * before it and never its siblings.
   */
  readonly ensemble: number;
  readonly dim: number;
  /** `[count, ensemble, dim]` */
  readonly embeddings: Float32Array;
}

/** What is kept with prompt tokens: measured on the same model. */
export interface PromptTokenFile {
  readonly promptTokens: PromptTokens;
  /** How often their guesses are right: {@link measureAcceptance}. */
  readonly acceptance?: readonly (readonly number[])[];
  readonly trees?: SparseTrees;
  /** What the model's own texts go on with: drafts for {@link lookupDecoding}, with the prompt tokens or alone. */
  readonly continuations?: ContinuationTable;
  /** Where they come from: model, data, command. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Refuses prompt tokens whose numbers do not fit each other. @throws ValidationError then. */
export function checkPromptTokens(where: string, tokens: PromptTokens): void {
  const { count, ensemble, dim, embeddings } = tokens;
  const counts = [count, ensemble, dim].every((n) => Number.isInteger(n) && n > 0);
  if (counts && embeddings.length === count * ensemble * dim && embeddings.every(Number.isFinite)) {
    return;
  }
  throw new ValidationError(
    `${where}: expected ${count} x ${ensemble} finite embeddings of ${dim} numbers, got ${embeddings.length} numbers`,
  );
}

/** Prompt tokens, statistics and trees as a safetensors file. */
export function writePromptTokens(file: PromptTokenFile): Uint8Array {
  const { promptTokens, acceptance, trees, continuations, metadata = {} } = file;
  checkPromptTokens("writePromptTokens", promptTokens);
  const { count, ensemble, dim, embeddings } = promptTokens;
  const tensors = new Map<string, Tensor>([
    ["prompt_tokens", tensor("f32", [count, ensemble, dim], Float32Array.from(embeddings))],
    ...(continuations ? continuationTensors(continuations, 1) : []),
  ]);
  return writeSafetensors(tensors, {
    ...metadata,
    ...(acceptance && { acceptance: JSON.stringify(acceptance) }),
    ...(continuations && { continuationOrder: String(continuations.order) }),
    ...(trees && {
      trees: JSON.stringify({ promptTokens: trees.promptTokens, trees: trees.trees }),
    }),
  });
}

/**
 * Reads what {@link writePromptTokens} wrote.
 *
 * @throws ValidationError when the bytes are no such file.
 */
export function readPromptTokens(bytes: Uint8Array): PromptTokenFile {
  const { tensors, metadata } = readSafetensors(bytes);
  const stored = tensors.get("prompt_tokens");
  if (stored?.dtype !== "f32" || stored.shape.length !== 3) {
    throw new ValidationError(
      'readPromptTokens: expected a tensor "prompt_tokens" of f32 [count, ensemble, dim]',
    );
  }
  const [count = 0, ensemble = 0, dim = 0] = stored.shape;
  const promptTokens = { count, ensemble, dim, embeddings: stored.data as Float32Array };
  checkPromptTokens("readPromptTokens", promptTokens);
  const { acceptance, trees, continuationOrder: order, ...rest } = metadata;
  return {
    promptTokens,
    ...(acceptance !== undefined && { acceptance: parseRates(acceptance) }),
    ...(trees !== undefined && { trees: parseSparseTrees(parseJson(trees)) }),
    ...(order !== undefined && {
      continuations: restoreFromTensors("readPromptTokens", tensors, Number(order)),
    }),
    metadata: rest,
  };
}

/** Rows of a chain of the first `length` prompt tokens under row `under`, when the first of them is row `first`. */
export function promptChain(
  { ensemble }: PromptTokens,
  vocabSize: number,
  length: number,
  under = -1,
  first = 0,
): PromptSuffix {
  const tokens: number[] = [];
  const parents: number[] = [];
  for (let k = 0; k < length; k++) {
    for (let j = 0; j < ensemble; j++) {
      tokens.push(vocabSize + k * ensemble + j);
      parents.push(k === 0 ? under : first + (k - 1) * ensemble + j);
    }
  }
  return { tokens, parents };
}

/** The first prompt tokens only: fewer guesses, fewer rows. */
export function takePromptTokens(tokens: PromptTokens, count: number): PromptTokens {
  if (!Number.isInteger(count) || count < 1 || count > tokens.count) {
    throw new EdgewrightError(
      "invalid-argument",
      `takePromptTokens: expected 1 to ${tokens.count}, got ${count}`,
    );
  }
  const embeddings = tokens.embeddings.slice(0, count * tokens.ensemble * tokens.dim);
  return { ...tokens, count, embeddings };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ValidationError("readPromptTokens: the file's metadata are no JSON", { cause });
  }
}

function parseRates(text: string): number[][] {
  const rates = parseJson(text);
  const isRate = (n: unknown): boolean => typeof n === "number" && n >= 0 && n <= 1;
  if (Array.isArray(rates) && rates.every((row) => Array.isArray(row) && row.every(isRate))) {
    return rates as number[][];
  }
  throw new ValidationError("readPromptTokens: expected acceptance rates from 0 to 1");
}
