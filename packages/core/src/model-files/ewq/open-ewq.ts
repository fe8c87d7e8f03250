import { UnsupportedError, ValidationError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { ByteSource } from "../byte-source.js";
import { checkTokenizerData } from "../check-tokenizer-data.js";
import { crc32 } from "../crc32.js";
import { checkDecoderConfig } from "../decoder-config.js";
import type { WeightTensor } from "../decoder-weights.js";
import type { SafetensorsFile } from "../open-safetensors.js";
import { createOpenedModel, displayName, type OpenedModel } from "../opened-model.js";
import type { ReadOptions } from "../read-options.js";
import { EWQ_VERSION, formatChecksum } from "./ewq-format.js";
import { assembleWeight } from "./weight-layout.js";

type Json = Readonly<Record<string, unknown>>;

/** Whether a safetensors file is an `.ewq` file. */
export function isEwq(file: SafetensorsFile): boolean {
  return Object.hasOwn(file.metadata, "edgewright");
}

/**
 * Opens an `.ewq` file; every tensor is held against its checksum as it is read.
 *
 * @throws ValidationError for a file that is damaged or contradicts itself.
 * @throws UnsupportedError for a version that this release does not know.
 */
export async function openEwq(
  source: ByteSource,
  options: ReadOptions,
  file: SafetensorsFile,
): Promise<OpenedModel> {
  const where = `openModel: ${source.name}`;
  const model = parseModel(file, where);
  const config = checkDecoderConfig(model.config, where);
  const descriptions = objectOf(model.weights, `${where}: weights`);
  const checksums = objectOf(model.checksums, `${where}: checksums`);
  let loaded = 0;
  const partOf = async (name: string): Promise<Tensor | undefined> => {
    const entry = file.entries.get(name);
    if (!entry) return undefined;
    const tensor = await file.readTensor(name, options.signal);
    const { buffer, byteOffset, byteLength } = tensor.data;
    const crc = formatChecksum(crc32(new Uint8Array(buffer, byteOffset, byteLength)));
    if (crc !== checksums[name]) {
      throw new ValidationError(
        `${where}: ${name} is damaged: its checksum is ${crc}, the file says ${String(checksums[name])}`,
        { where: name },
      );
    }
    loaded += byteLength;
    options.onProgress?.({ stage: "read", loaded, total: source.size });
    return tensor;
  };
  const has = (name: string): boolean => Object.hasOwn(descriptions, name);
  const weight = async (name: string): Promise<WeightTensor> => {
    if (!has(name)) throw new ValidationError(`${where}: there is no weight ${name}`);
    const parts = (part: string): Promise<Tensor | undefined> => partOf(`${name}/${part}`);
    return assembleWeight(descriptions[name], parts, `${where}: ${name}`);
  };
  return createOpenedModel({
    config,
    tokenizer:
      model.tokenizer === undefined ? undefined : checkTokenizerData(model.tokenizer, where),
    metadata: objectOf(model.metadata, `${where}: metadata`),
    tied: !has("output"),
    where,
    matrix: (of) => weight(displayName(of)),
    async vector(of) {
      const found = await weight(displayName(of));
      if ("dtype" in found && found.dtype === "f32") return found.data;
      throw new ValidationError(`${where}: ${displayName(of)} must be stored as f32`);
    },
  });
}

function parseModel(file: SafetensorsFile, where: string): Json {
  const { edgewright: version, model: text, checksum } = file.metadata;
  if (version !== EWQ_VERSION) {
    throw new UnsupportedError(
      `${where}: expected version ${EWQ_VERSION} of .ewq, got ${String(version)}; update @edgewright/core`,
    );
  }
  if (text === undefined)
    throw new ValidationError(`${where}: there is no description of the model`);
  const crc = formatChecksum(crc32(new TextEncoder().encode(text)));
  if (crc !== checksum) {
    throw new ValidationError(
      `${where}: the description of the model is damaged: its checksum is ${crc}, the file says ${checksum}`,
    );
  }
  try {
    return objectOf(JSON.parse(text), `${where}: model`);
  } catch (cause) {
    throw new ValidationError(`${where}: the description of the model is no JSON`, { cause });
  }
}

function objectOf(value: unknown, where: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new ValidationError(`${where} must be an object`);
}
