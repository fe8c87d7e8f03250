import { UnsupportedError, ValidationError } from "../errors.js";
import type { ByteSource } from "./byte-source.js";
import { isEwq, openEwq } from "./ewq/open-ewq.js";
import type { FileFolder } from "./file-folder.js";
import { openGgufModel } from "./gguf/open-gguf-model.js";
import { openHfModel } from "./huggingface/open-hf-model.js";
import { looksLikeLlama2c, openLlama2c, readLlama2cTokenizer } from "./llama2c.js";
import type { ModelContents } from "./model-contents.js";
import { openSafetensors } from "./open-safetensors.js";
import { type OpenedModel, readOpenedModel } from "./opened-model.js";
import { readJson } from "./read-json.js";
import type { ReadOptions } from "./read-options.js";
import type { TokenizerData } from "./tokenizer-data.js";

/** Options of {@link readModel}. */
export interface ReadModelOptions extends ReadOptions {
  /**
   * The tokenizer of a file that holds none: llama2.c's `tokenizer.bin`, or a `tokenizer.json`. Comes before what the
   * file holds.
   */
  readonly tokenizer?: ByteSource;
}

/**
 * Reads a language model from a file or a folder, whatever it is: `.ewq`, GGUF, a checkpoint of llama2.c, the files
 * of a Hugging Face repository. Kinds are told by their first bytes, not by their names.
 *
 * @example
 * ```ts
 * const { weights, tokenizer } = await readModel(await fileSource("stories.gguf"));
 * console.log(weights.config.layers, tokenizer?.kind); // 5 sentencepiece
 * ```
 *
 * @throws ValidationError for a file that is damaged or of no known kind.
 * @throws UnsupportedError for models that cannot be run here.
 * @throws AbortError when the signal fires.
 */
export async function readModel(
  source: ByteSource | FileFolder,
  options: ReadModelOptions = {},
): Promise<ModelContents> {
  return readOpenedModel(await openModel(source, options));
}

/**
 * Opens a language model without reading its weights: as {@link readModel}, for models of which no two copies fit in
 * memory.
 *
 * @throws as {@link readModel}; what is wrong with a weight shows when it is read.
 */
export async function openModel(
  source: ByteSource | FileFolder,
  options: ReadModelOptions = {},
): Promise<OpenedModel> {
  const opened =
    "open" in source ? await openHfModel(source, options) : await openFile(source, options);
  if (!options.tokenizer) return opened;
  const tokenizer = await readTokenizer(options.tokenizer, opened.config.vocabSize, options);
  return { ...opened, tokenizer };
}

async function openFile(source: ByteSource, options: ReadOptions): Promise<OpenedModel> {
  const head = await source.read(0, Math.min(64, source.size), options.signal);
  if (beginsWith(head, "GGUF")) return openGgufModel(source, options);
  if (head[8] === 0x7b) {
    const file = await openSafetensors(source, options);
    if (isEwq(file)) return openEwq(source, options, file);
    throw new UnsupportedError(
      `openModel: ${source.name} holds weights only; give its folder, with config.json and tokenizer.json`,
    );
  }
  if (looksLikeLlama2c(head)) return openLlama2c(source, options);
  if (beginsWith(head, "{") || beginsWith(head, "PK") || beginsWith(head, "\x80")) {
    throw new UnsupportedError(
      `openModel: ${source.name} is no file of weights that is read here; convert it to GGUF or safetensors`,
    );
  }
  throw new ValidationError(
    `openModel: ${source.name} is neither .ewq, GGUF, safetensors nor a checkpoint of llama2.c: it begins ` +
      `with ${[...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`,
    { where: source.name },
  );
}

async function readTokenizer(
  source: ByteSource,
  vocabSize: number,
  options: ReadOptions,
): Promise<TokenizerData> {
  const head = await source.read(0, Math.min(64, source.size), options.signal);
  if (/^\s*\{/.test(new TextDecoder().decode(head))) {
    return { kind: "tokenizer-json", tokenizer: await readJson(source, options.signal) };
  }
  return readLlama2cTokenizer(source, vocabSize, options);
}

function beginsWith(head: Uint8Array, text: string): boolean {
  return [...text].every((char, at) => head[at] === char.charCodeAt(0));
}
