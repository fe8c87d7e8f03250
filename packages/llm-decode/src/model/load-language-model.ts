import { EdgewrightError } from "@edgewright/core";
import { createTokenizer, type Tokenizer } from "@edgewright/core/model-files";
import type { Kernels, LoadKernelsOptions } from "@edgewright/kernels";
import { type KvCacheType, loadLanguageKernels } from "@edgewright/kernels/language";
import { type ChatFormatter, createChatFormatter } from "../chat/chat.js";
import { type LoadedDecoder, loadDecoder } from "../engine/loaded-decoder.js";
import {
  type LoadModelOptions,
  type ModelSource,
  openModelContents,
} from "../loading/load-model.js";
import { createLanguageModel, type LanguageModel } from "./language-model.js";
import { estimateMemory, type MemoryStatement } from "./memory-statement.js";

/** Options of {@link loadLanguageModel}. */
export interface LoadLanguageModelOptions extends LoadModelOptions {
  /** Threads that compute; above 1 a page must be cross-origin isolated. @default 1 */
  readonly threads?: number | "auto";
  /** Which build of the kernels runs. @default "auto" */
  readonly variant?: LoadKernelsOptions["variant"];
  /** Kernels to compute on, loaded with the language extension; they stay when the model goes. @default its own */
  readonly kernels?: Kernels;
  /** Tokens that the cache holds: the longest text before older parts are forgotten. @default the context length of the model */
  readonly capacity?: number;
  /** How keys and values are kept. @default "f16" */
  readonly cacheType?: KvCacheType;
  /** The most tokens computed at once: prompts are read in pieces of so many. @default 64 */
  readonly maxRows?: number;
  /** Refuses with `out-of-memory`, before anything is taken, a model that would take more bytes. @default no limit */
  readonly maximumBytes?: number;
  /** For files that hold no tokenizer. @default the file's own */
  readonly tokenizer?: Tokenizer;
  /** A Jinja template for conversations. @default the file's own */
  readonly chatTemplate?: string;
}

/**
 * Loads a language model: GGUF, llama2.c, safetensors with `tokenizer.json`, or `.ewq`; from bytes, a file, a
 * URL or a repository of Hugging Face (`hf:owner/name`).
 *
 * @throws ValidationError for files that are not what they claim to be, EdgewrightError `unsupported` for
 * architectures and formats that are not served, `out-of-memory`, `aborted`, `unavailable` for what cannot be
 * fetched; nothing is kept then.
 *
 * @example
 * ```ts
 * const lm = await loadLanguageModel("stories260K.gguf");
 * for await (const piece of lm.generate("Once upon a time", { maxTokens: 100 })) console.log(piece);
 * lm.dispose();
 * ```
 */
export async function loadLanguageModel(
  source: ModelSource,
  options: LoadLanguageModelOptions = {},
): Promise<LanguageModel> {
  const opened = await openModelContents(source, options);
  const { config, metadata } = opened;
  const { threads = 1, variant = "auto", signal, capacity = config.contextLength } = options;
  const { cacheType, maxRows } = options;
  const sessionOptions = {
    capacity,
    ...(cacheType && { cacheType }),
    ...(maxRows !== undefined && { maxRows }),
  };
  const memory = await estimateMemory(opened, sessionOptions);
  checkMemory(memory, options.maximumBytes);
  const tokenizer =
    options.tokenizer ?? (opened.tokenizer && (await createTokenizer(opened.tokenizer)));
  const template = options.chatTemplate ?? tokenizer?.chatTemplate;
  const kernels =
    options.kernels ??
    (await loadLanguageKernels({ threads, variant, initialBytes: memory.total + 65536 }));
  let loaded: LoadedDecoder | undefined;
  try {
    loaded = await loadDecoder(kernels, opened, {
      maxPositions: Math.max(capacity, config.contextLength),
      ...(signal && { signal }),
    });
    return createLanguageModel({
      loaded,
      tokenizer,
      chat: template === undefined ? undefined : chatFormatterFor(template, tokenizer),
      metadata,
      sessionOptions,
      release: () => {
        if (options.kernels === undefined) kernels.dispose();
      },
    });
  } catch (error) {
    loaded?.dispose();
    if (options.kernels === undefined) kernels.dispose();
    throw error;
  }
}

function chatFormatterFor(template: string, tokenizer: Tokenizer | undefined): ChatFormatter {
  const written = (id: number | undefined): string =>
    id === undefined || tokenizer === undefined ? "" : tokenizer.tokenText(id);
  return createChatFormatter(template, {
    bosToken: written(tokenizer?.bos),
    eosToken: written(tokenizer?.eos),
  });
}

function checkMemory(
  { weights, cache, activations, total }: MemoryStatement,
  maximumBytes = Number.POSITIVE_INFINITY,
): void {
  if (total <= maximumBytes) return;
  throw new EdgewrightError(
    "out-of-memory",
    `loadLanguageModel: the model would take ${total} bytes (weights ${weights}, cache ${cache}, ` +
      `activations ${activations}), more than maximumBytes of ${maximumBytes}; ` +
      "take fewer bits, a smaller capacity or a cache of int8",
  );
}
