import { EdgewrightError } from "@edgewright/core";
import {
  type DecoderConfig,
  type DecoderWeights,
  type OpenedModel,
  openContents,
} from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import { createRotaryAngles } from "@edgewright/kernels/language";
import type { CachedSession } from "./decoder-session.js";
import { type PackDecoderOptions, type PackedDecoder, packDecoder } from "./pack-decoder.js";

/** Weights in WebAssembly memory, for any number of sessions. */
export interface LoadedDecoder {
  readonly kernels: Kernels;
  readonly decoder: PackedDecoder;
  /** Address of the table of rotary angles. */
  readonly angles: number;
  /** Positions that the table has. */
  readonly places: number;
  readonly bytes: number;
  readonly live: boolean;
  /** Sessions that are open. */
  readonly sessions: Set<CachedSession>;
  /** Ends all sessions and gives the weights' memory back; the kernels stay. */
  dispose(): void;
}

/** Options of {@link loadDecoder}. */
export interface LoadDecoderOptions extends PackDecoderOptions {
  /** Positions that sessions may reach. @default the model's context length */
  readonly maxPositions?: number;
}

/**
 * Packs weights and what sessions share. An opened model is read a block at a time, so that no second copy of it
 * lies in memory.
 *
 * @throws EdgewrightError `out-of-memory` and `aborted`; nothing is kept then.
 */
export async function loadDecoder(
  kernels: Kernels,
  weights: DecoderWeights | OpenedModel,
  options: LoadDecoderOptions = {},
): Promise<LoadedDecoder> {
  const { config } = weights;
  const places = options.maxPositions ?? config.contextLength;
  if (!Number.isInteger(places) || places < 1) {
    throw new EdgewrightError(
      "invalid-argument",
      `loadDecoder: expected maxPositions to be a whole number from 1, got ${places}`,
    );
  }
  const table = createRotaryAngles({ places, rotated: config.headDim, ...rotation(config) });
  const angles = kernels.arena.upload(table);
  let decoder: PackedDecoder;
  try {
    const model = "layers" in weights ? openContents({ weights, metadata: {} }) : weights;
    decoder = await packDecoder(kernels, model, options);
  } catch (error) {
    angles.dispose();
    throw error;
  }
  const sessions = new Set<CachedSession>();
  let live = true;
  return {
    kernels,
    decoder,
    angles: angles.ptr,
    places,
    bytes: decoder.bytes + angles.bytes,
    sessions,
    get live() {
      return live;
    },
    dispose() {
      if (!live) return;
      for (const session of [...sessions]) session.dispose();
      live = false;
      decoder.dispose();
      angles.dispose();
    },
  };
}

/** Angles a position of every pair: those of the base, divided where long texts were trained for (Llama 3.1). */
function rotation(config: DecoderConfig): { frequencies: number[] } {
  const { headDim, ropeBase, ropeFactors } = config;
  const frequencies = Array.from(
    { length: headDim / 2 },
    (_, pair) => ropeBase ** ((-2 * pair) / headDim) / (ropeFactors?.[pair] ?? 1),
  );
  return { frequencies };
}
