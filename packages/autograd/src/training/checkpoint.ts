import {
  type RngState,
  readSafetensors,
  type Tensor,
  tensor,
  ValidationError,
  writeSafetensors,
} from "@edgewright/core";

/** Where a training is: everything that the steps to come depend on. */
export interface Checkpoint {
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Steps done of the epoch that is not. */
  readonly stepInEpoch: number;
  /** Steps done in all. */
  readonly step: number;
  /** The source of the orders, as it was before the present epoch. */
  readonly order: RngState;
  /** The source of the present epoch's augmentation. */
  readonly augmentation: RngState;
  /** Sum of the losses of the present epoch's steps. */
  readonly lossSum: number;
  /** Values of every parameter by name, running statistics included. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
  /** The optimiser's steps and its moments, by name. */
  readonly optimizerStep: number;
  readonly optimizer: Readonly<Record<string, Float32Array>>;
}

const FORMAT = "edgewright training checkpoint 1";

/**
 * A checkpoint as a safetensors file, which other tools open: 4 bytes a number of parameters and moments, and a
 * header. Tensors are flat, "parameter/NAME" and "optimizer/NAME"; counts and random states are metadata.
 *
 * @example
 * ```ts
 * // Broken off and resumed, a training ends with the same bits as without the break.
 * let saved: Uint8Array | undefined; // or a file, or IndexedDB
 * const onCheckpoint = (at: Checkpoint) => void (saved = encodeCheckpoint(at));
 * await train(trainer, { data, epochs: 5, onCheckpoint });
 * await train(trainer, { data, epochs: 10, resume: decodeCheckpoint(saved!) });
 * ```
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { parameters, optimizer, ...progress } = checkpoint;
  const tensors = new Map<string, Tensor>();
  const add = (kind: string, named: Readonly<Record<string, Float32Array>>): void => {
    for (const [name, data] of Object.entries(named)) {
      tensors.set(`${kind}/${name}`, tensor("f32", [data.length], data));
    }
  };
  add("parameter", parameters);
  add("optimizer", optimizer);
  return writeSafetensors(tensors, { format: FORMAT, progress: JSON.stringify(progress) });
}

/**
 * Reads what {@link encodeCheckpoint} wrote.
 *
 * @throws ValidationError when the bytes are something else.
 *
 * @example
 * ```ts
 * const { epoch, step, parameters } = decodeCheckpoint(encodeCheckpoint(checkpoint));
 * ```
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.format !== FORMAT) {
    throw new ValidationError(
      `decodeCheckpoint: expected "${FORMAT}", got "${metadata.format ?? "a file without a format"}"`,
    );
  }
  const named: Record<string, Record<string, Float32Array>> = { parameter: {}, optimizer: {} };
  for (const [path, { dtype, data }] of tensors) {
    const slash = path.indexOf("/");
    const group = named[path.slice(0, slash)];
    if (group === undefined || dtype !== "f32") {
      throw new ValidationError(`decodeCheckpoint: ${path} does not belong in a checkpoint`);
    }
    group[path.slice(slash + 1)] = data as Float32Array;
  }
  return {
    ...parseProgress(metadata.progress),
    parameters: named.parameter!,
    optimizer: named.optimizer!,
  };
}

function parseProgress(text: string | undefined): Omit<Checkpoint, "parameters" | "optimizer"> {
  let progress: Record<string, unknown>;
  try {
    progress = JSON.parse(text ?? "") as Record<string, unknown>;
  } catch (cause) {
    throw new ValidationError("decodeCheckpoint: the progress is no JSON", { cause });
  }
  const counts = ["epoch", "stepInEpoch", "step", "optimizerStep"] as const;
  const valid =
    counts.every(
      (name) => Number.isSafeInteger(progress[name]) && (progress[name] as number) >= 0,
    ) &&
    typeof progress.lossSum === "number" &&
    isRngState(progress.order) &&
    isRngState(progress.augmentation);
  if (!valid) {
    throw new ValidationError("decodeCheckpoint: the progress lacks counts or random states");
  }
  return progress as unknown as Omit<Checkpoint, "parameters" | "optimizer">;
}

function isRngState(value: unknown): value is RngState {
  const { algorithm, key, drawn, splits } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof algorithm === "string" &&
    Array.isArray(key) &&
    [...key, drawn, splits].every((one) => Number.isSafeInteger(one)) &&
    key.length === 2
  );
}
