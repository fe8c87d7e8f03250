import type { FileFolder } from "../file-folder.js";
import { readJson } from "../read-json.js";
import type { ReadOptions } from "../read-options.js";
import type { TokenizerData } from "../tokenizer-data.js";

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the tokenizer of a repository: `tokenizer.json` with `tokenizer_config.json`, the chat template from there or from
 * `chat_template.jinja`, and the tokens that `generation_config.json` stops at. Undefined where there is no
 * `tokenizer.json`.
 */
export async function readHfTokenizer(
  folder: FileFolder,
  options: ReadOptions = {},
): Promise<TokenizerData | undefined> {
  const { signal } = options;
  const source = await folder.open("tokenizer.json", signal);
  if (!source) return undefined;
  const tokenizer = await readJson(source, signal);
  const optional = async (name: string): Promise<Json | undefined> => {
    const file = await folder.open(name, signal);
    return file && readJson(file, signal);
  };
  const config = await optional("tokenizer_config.json");
  const generation = await optional("generation_config.json");
  const template = (await readTemplate(folder, signal)) ?? templateOf(config?.chat_template);
  const ends = [generation?.eos_token_id].flat().filter((id) => typeof id === "number");
  return {
    kind: "tokenizer-json",
    tokenizer,
    ...(config ? { config } : {}),
    ...(template === undefined ? {} : { chatTemplate: template }),
    ...(ends.length > 0 ? { otherEnds: ends } : {}),
  };
}

async function readTemplate(folder: FileFolder, signal?: AbortSignal): Promise<string | undefined> {
  const file = await folder.open("chat_template.jinja", signal);
  if (!file) return undefined;
  return new TextDecoder().decode(await file.read(0, file.size, signal));
}

// A text, or several with names, of which one is the default.
function templateOf(given: unknown): string | undefined {
  if (typeof given === "string") return given;
  if (!Array.isArray(given)) return undefined;
  const named = given as readonly { name?: unknown; template?: unknown }[];
  const chosen = named.find((one) => one?.name === "default") ?? named[0];
  return typeof chosen?.template === "string" ? chosen.template : undefined;
}
