import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ValidationError } from "@edgewright/core";
import { type Model, modelCost, parseModel } from "@edgewright/graph";
import { type DatasetFacts, datasetFacts, isDatasetName } from "./data/datasets.js";
import { countParameters } from "./models/count-parameters.js";

/** A trained model of the zoo. */
export interface Checkpoint {
  /** Its file's name without the ending, e.g. `lenet-5`. */
  readonly name: string;
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  readonly model: Model;
  /** What it was trained on, and how its input is standardised. */
  readonly dataset: DatasetFacts;
  readonly parameters: number;
  /** Multiply-accumulates for one picture. */
  readonly macs: number;
}

/** Where the committed checkpoints lie. */
export function checkpointFolder(): string {
  return fileURLToPath(new URL("../checkpoints", import.meta.url));
}

/** What a checkpoint says of itself in its ONNX metadata. */
export function checkpointMetadata(dataset: DatasetFacts): Record<string, string> {
  const { name, classes, mean, standardDeviation } = dataset;
  return {
    dataset: name,
    classes: classes.join(","),
    input: `(pixel / 255 - ${mean}) / ${standardDeviation}`,
    licence: "Apache-2.0",
  };
}

/**
 * Understands the bytes of a checkpoint.
 *
 * @throws ValidationError when they are no ONNX model, or one that does not name a data set of the zoo
 */
export function readCheckpoint(bytes: Uint8Array, name: string): Checkpoint {
  const model = parseModel(bytes);
  const dataset = model.metadata.get("dataset");
  if (!isDatasetName(dataset)) {
    throw new ValidationError(
      `${name} is no checkpoint of the zoo: its metadata "dataset" should name fashion-mnist or mnist, ` +
        `it is ${JSON.stringify(dataset)}`,
      { where: name },
    );
  }
  return {
    name,
    bytes,
    model,
    dataset: datasetFacts(dataset),
    parameters: countParameters(model),
    macs: modelCost(model, { image: [1, 1, 28, 28] }).macs,
  };
}

/** All checkpoints in a folder, the cheapest first. @default the committed ones */
export async function loadCheckpoints(folder: string = checkpointFolder()): Promise<Checkpoint[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".onnx"));
  const checkpoints = await Promise.all(
    files.map(async (file) =>
      readCheckpoint(await readFile(join(folder, file)), basename(file, ".onnx")),
    ),
  );
  return checkpoints.sort((a, b) => a.macs - b.macs || (a.name < b.name ? -1 : 1));
}
