import type { DType } from "../../dtype.js";
import { ValidationError } from "../../errors.js";
import type { PackedFloats, PackedTensor } from "../../packed/packed-tensor.js";
import type { Tensor } from "../../tensor.js";
import type { WeightTensor } from "../decoder-weights.js";
import { checkPackedTensor } from "./check-packed-tensor.js";

/** How a weight is described in a file's metadata: its format, its shape and the numbers that belong to it. */
export interface WeightDescription {
  readonly format: string;
  readonly shape: readonly number[];
  readonly [number: string]: unknown;
}

interface Layout {
  readonly numbers: readonly string[];
  /** Parts and their element types; `floats` is f32 or f16. */
  readonly parts: readonly {
    readonly name: string;
    readonly type: DType | "floats";
    readonly optional?: true;
  }[];
}

/** Splits a weight into its description and the tensors that a file stores. */
export function disassembleWeight(weight: WeightTensor): {
  description: WeightDescription;
  parts: Map<string, Tensor>;
} {
  if ("dtype" in weight) {
    const description = { format: weight.dtype, shape: weight.shape };
    return { description, parts: new Map([["data", weight]]) };
  }
  const layout = layoutOf(weight.format)!;
  const fields = weight as unknown as Record<string, unknown>;
  const description: Record<string, unknown> = { format: weight.format, shape: weight.shape };
  for (const name of layout.numbers) description[name] = fields[name];
  const parts = new Map<string, Tensor>();
  for (const { name, type } of layout.parts) {
    if (fields[name] === undefined) continue;
    const floats = type === "floats" ? (fields[name] as PackedFloats) : undefined;
    const data = (floats?.data ?? fields[name]) as Tensor["data"];
    const dtype = floats?.dtype ?? (type as DType);
    parts.set(name, { dtype, shape: [data.length], data } as Tensor);
  }
  return { description: description as unknown as WeightDescription, parts };
}

/**
 * Puts a weight together again.
 *
 * @param partOf the stored tensor of a part, undefined where there is none
 * @throws ValidationError when a part is missing, has another type or does not fit the shape.
 */
export async function assembleWeight(
  description: unknown,
  partOf: (name: string) => Promise<Tensor | undefined>,
  where: string,
): Promise<WeightTensor> {
  const { format, shape, ...given } = (description ?? {}) as Record<string, unknown>;
  if (!Array.isArray(shape) || !shape.every((one) => Number.isSafeInteger(one) && one >= 0)) {
    throw new ValidationError(`${where}: expected a shape, got ${JSON.stringify(shape)}`, {
      where,
    });
  }
  if (format === "f32" || format === "f16" || format === "bf16") {
    const { data } = checkPart({ name: "data", type: format }, await partOf("data"), where);
    const length = shape.reduce((product: number, one: number) => product * one, 1);
    if (data.length !== length) {
      throw new ValidationError(`${where}: expected ${length} numbers, got ${data.length}`, {
        where,
      });
    }
    return { dtype: format, shape, data } as WeightTensor;
  }
  const layout = typeof format === "string" ? layoutOf(format) : undefined;
  if (!layout) throw new ValidationError(`${where}: unknown format ${String(format)}`, { where });
  const fields: Record<string, unknown> = { format, shape };
  for (const name of layout.numbers) fields[name] = given[name];
  for (const part of layout.parts) {
    const found = await partOf(part.name);
    if (part.optional && !found) continue;
    const { dtype, data } = checkPart(part, found, where);
    fields[part.name] = part.type === "floats" ? { dtype, data } : data;
  }
  const packed = fields as unknown as PackedTensor;
  checkPackedTensor(packed, where);
  return packed;
}

function checkPart(
  part: { readonly name: string; readonly type: DType | "floats" },
  found: Tensor | undefined,
  where: string,
): Tensor {
  const types = part.type === "floats" ? ["f32", "f16"] : [part.type];
  if (found && types.includes(found.dtype)) return found;
  const got = found ? found.dtype : "nothing";
  throw new ValidationError(
    `${where}: ${part.name} must be stored as ${types.join(" or ")}, got ${got}`,
    { where },
  );
}

function layoutOf(format: string): Layout | undefined {
  const layouts: Record<PackedTensor["format"], Layout> = {
    "int8-channel": {
      numbers: [],
      parts: [
        { name: "codes", type: "i8" },
        { name: "scales", type: "f32" },
        { name: "zeroPoints", type: "i8", optional: true },
      ],
    },
    "int8-group": {
      numbers: ["groupSize"],
      parts: [
        { name: "codes", type: "i8" },
        { name: "scales", type: "floats" },
      ],
    },
    "int4-group": {
      numbers: ["groupSize"],
      parts: [
        { name: "codes", type: "u8" },
        { name: "scales", type: "floats" },
        { name: "zeroPoints", type: "u8", optional: true },
        { name: "mins", type: "floats", optional: true },
      ],
    },
    ternary: {
      numbers: [],
      parts: [
        { name: "codes", type: "u8" },
        { name: "scales", type: "f32" },
      ],
    },
    nested: {
      numbers: ["seedBits", "bits", "rowsPerCodebook"],
      parts: [
        { name: "planes", type: "u8" },
        { name: "codebooks", type: "floats" },
      ],
    },
    "binary-coded": {
      numbers: ["seedBits", "bits", "groupSize"],
      parts: [
        { name: "planes", type: "u8" },
        { name: "scales", type: "floats" },
      ],
    },
  };
  return Object.hasOwn(layouts, format) ? layouts[format as PackedTensor["format"]] : undefined;
}
