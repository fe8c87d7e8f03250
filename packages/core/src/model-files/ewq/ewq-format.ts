import type { DecoderConfig } from "../decoder-config.js";
import type { LinearName } from "../decoder-weights.js";
import type { TokenizerData } from "../tokenizer-data.js";
import type { WeightDescription } from "./weight-layout.js";

/**
 * An `.ewq` file is a safetensors file whose metadata holds three texts: `edgewright` says the version of the
 * format, `model` is the JSON of an {@link EwqModel}, `checksum` the CRC-32 of that text. The tensor of a weight's part
 * is called `name/part`.
 */
export interface EwqModel {
  readonly config: DecoderConfig;
  /** By name: what each weight is made of. */
  readonly weights: Readonly<Record<string, WeightDescription>>;
  readonly tokenizer?: TokenizerData;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** CRC-32 of every stored tensor, eight hexadecimal digits. */
  readonly checksums: Readonly<Record<string, string>>;
}

/** The version of the format that is written, and the only one that is read. */
export const EWQ_VERSION = "1";

/** Linear layers of a block, as `.ewq` names and orders them. */
export function linearNames(): readonly LinearName[] {
  return ["query", "key", "value", "output", "gate", "up", "down"];
}

/** A checksum as a file has it. */
export function formatChecksum(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
