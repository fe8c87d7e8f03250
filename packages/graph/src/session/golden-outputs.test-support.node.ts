import { readFileSync } from "node:fs";

/** Outputs of a real model on onnxruntime-node, sampled; written by bench/models/write-golden-outputs.ts. */
export interface GoldenModel {
  readonly name: string;
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    /** Largest magnitude of all elements, sampled or not. */
    readonly largest: number;
    readonly samples: readonly (readonly [index: number, value: number])[];
  }[];
}

/** Reads the golden outputs by model name. */
export function readGoldenOutputs(): Map<string, GoldenModel> {
  const file = new URL("../../test-data/golden-outputs.json", import.meta.url);
  const { models } = JSON.parse(readFileSync(file, "utf8")) as { models: GoldenModel[] };
  return new Map(models.map((model) => [model.name, model]));
}
