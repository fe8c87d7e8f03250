import { type DType, EdgewrightError, sizeOf, type Tensor, tensor } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Attribute } from "../model/model.js";
import { listHostOperators } from "./operator-registry.js";
import { runAll } from "./run-operator.test-support.js";

const dtypes: DType[] = [
  "f32",
  "f64",
  "f16",
  "bf16",
  "i8",
  "u8",
  "i32",
  "u32",
  "i64",
  "u64",
  "bool",
];

const anyTensor: fc.Arbitrary<Tensor | null> = fc.option(
  fc
    .tuple(
      fc.constantFrom(...dtypes, "f32" as const, "i64" as const),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }),
      fc.infiniteStream(
        fc.oneof(fc.integer({ min: -3, max: 4 }), fc.constantFrom(2 ** 40, -(2 ** 40))),
      ),
    )
    .map(([dtype, shape, stream]) => {
      const values = Array.from({ length: sizeOf(shape) }, () => stream.next().value as number);
      const isBig = dtype === "i64" || dtype === "u64";
      return isBig ? tensor(dtype, shape, values.map(BigInt)) : tensor(dtype, shape, values);
    }),
  { freq: 12 },
);

const anyInteger = fc.oneof(fc.integer({ min: -3, max: 5 }), fc.constantFrom(2 ** 33, -(2 ** 33)));
const anyAttribute: fc.Arbitrary<Attribute> = fc.oneof(
  { weight: 4, arbitrary: anyInteger.map((value): Attribute => ({ type: "int", value })) },
  {
    weight: 4,
    arbitrary: fc
      .array(anyInteger, { maxLength: 6 })
      .map((value): Attribute => ({ type: "ints", value })),
  },
  fc.double().map((value): Attribute => ({ type: "float", value })),
  fc
    .constantFrom("linear", "LEFT", "SAME_UPPER", "ij,jk", "reverse")
    .map((value): Attribute => ({ type: "string", value })),
);

const names = [
  "alpha",
  "auto_pad",
  "axes",
  "axis",
  "batch_axis",
  "batch_dims",
  "block_size",
  "blocksize",
  "ceil_mode",
  "count_include_pad",
  "dilations",
  "direction",
  "dtype",
  "end",
  "epsilon",
  "equation",
  "group",
  "hidden_size",
  "inverse",
  "k",
  "keepdims",
  "kernel_shape",
  "layout",
  "max_gram_length",
  "max_skip_count",
  "min_gram_length",
  "mode",
  "ngram_counts",
  "ngram_indexes",
  "num_groups",
  "num_outputs",
  "num_scan_inputs",
  "onesided",
  "output_height",
  "output_padding",
  "output_shape",
  "output_width",
  "p",
  "pads",
  "perm",
  "pool_int64s",
  "reduction",
  "sampling_ratio",
  "scales",
  "size",
  "split",
  "start",
  "starts",
  "ends",
  "strides",
  "time_axis",
  "to",
  "value_ints",
];

const attributes = fc.dictionary(fc.constantFrom(...names), anyAttribute, { maxKeys: 6 });

// Everything beyond this is refused before it is computed.
const maxOutputBytes = 1 << 16;

const operators = [...new Set(listHostOperators().map((entry) => entry.opType))];

describe("whatever a model feeds", () => {
  it.each(operators)("%s answers or refuses with a typed error", (opType) => {
    fc.assert(
      fc.property(
        fc.array(anyTensor, { maxLength: 6 }),
        attributes,
        fc.constantFrom(9, 12, 17, 24),
        fc.integer({ min: 1, max: 3 }),
        (inputs, given, opset, outputCount) => {
          try {
            const options = {
              attributes: given,
              opset,
              outputCount,
              maxOutputBytes,
              maxIterations: 100,
            };
            for (const output of runAll(opType, inputs, options)) {
              if (output !== null) expect(output.data.length).toBe(sizeOf(output.shape));
            }
          } catch (error) {
            if (!EdgewrightError.isInstance(error)) throw error;
          }
        },
      ),
      { seed: 121, numRuns: 80 },
    );
  });
});
