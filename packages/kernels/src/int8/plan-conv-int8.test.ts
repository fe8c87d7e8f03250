import fc from "fast-check";
import { expect, test } from "vitest";
import { loadKernels } from "../runtime/load.js";
import { supportsRelaxedSimd } from "../runtime/relaxed-probe.js";
import type { Int8Output } from "./int8-output.js";
import { packInt8ConvWeights } from "./pack-int8-conv-weights.js";
import { planConvInt8 } from "./plan-conv-int8.js";
import { codesOf, convReference, type ReferenceConv } from "./reference.test-support.js";

const variants = ["baseline", ...(supportsRelaxedSimd() ? (["relaxed"] as const) : [])] as const;
const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const pad = fc.integer({ min: 0, max: 2 });

for (const variant of variants) {
  test(`int8 convolution, ${variant}: every bit as by the definition`, async () => {
    const kernels = await loadKernels({ variant });
    const property = fc.property(
      fc.record({
        n: upTo(2),
        extent: fc.tuple(fc.integer({ min: 5, max: 12 }), fc.integer({ min: 5, max: 12 })),
        kernel: fc.tuple(upTo(3), upTo(3)),
        strides: fc.tuple(upTo(3), upTo(3)),
        dilations: fc.tuple(upTo(2), upTo(2)),
        pads: fc.tuple(pad, pad, pad, pad),
        groups: fc.constantFrom(1, 1, 2, 3, 9),
        channels: upTo(6),
        filters: upTo(11),
        depthwise: fc.boolean(),
        signed: fc.boolean(),
        dtype: fc.constantFrom("i32" as const, "u8" as const, "i8" as const, "f32" as const),
        seed: fc.integer(),
      }),
      ({
        n,
        extent,
        kernel,
        groups,
        channels,
        filters,
        depthwise,
        signed,
        dtype,
        seed,
        ...rest
      }) => {
        let state = seed >>> 0;
        const draw = (): number => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          return state >>> 24;
        };
        const conv = {
          ...{ n, h: extent[0], w: extent[1], kh: kernel[0], kw: kernel[1], groups, ...rest },
          ...{ c: groups * (depthwise ? 1 : channels), oc: groups * (depthwise ? 1 : filters) },
        };
        const { c, oc, kh, kw, h, w } = conv;
        const x = codesOf(signed, n * h * w * c, draw);
        const weights = Int8Array.from({ length: (oc * c * kh * kw) / groups }, draw);
        const zeroX = signed ? -77 : 201;
        const zeroW = Array.from({ length: oc }, (_, i) => (seed & 1 ? (i % 5) - 2 : 0));
        const codes = dtype === "u8" || dtype === "i8";
        const output: Int8Output = {
          dtype,
          bias: Int32Array.from({ length: oc }, (_, i) => 1000 - i * 77),
          ...(dtype === "i32"
            ? {}
            : { scale: Float32Array.from({ length: oc }, (_, i) => 0.0003 + i / 50000) }),
          ...(codes ? { zeroPoint: dtype === "u8" ? 3 : 9 } : {}),
        };
        const want = convReference(x, weights, conv, zeroX, (i) => zeroW[i]!, output);
        const packed = packInt8ConvWeights(kernels, {
          ...{ weights, c, oc, kh, kw, groups, zeroPoint: zeroW },
        });
        const input = kernels.arena.upload(x);
        const y = kernels.arena.allocate(want.length * 4);
        const plan = planConvInt8(kernels, {
          x: { ptr: input.ptr, dtype: signed ? "i8" : "u8", zeroPoint: zeroX },
          ...{ y: y.ptr, n, h, w, weights: packed, output, ...rest },
        });
        kernels.run(plan);
        const got = [...kernels.arena[dtype](y.ptr, want.length)];
        for (const owned of [plan, input, y, packed]) owned.dispose();
        expect(got).toEqual(want.map((value) => value + 0));
      },
    );
    fc.assert(property, { numRuns: 150, seed: 2 });
    expect(kernels.arena.used).toBe(0);
  });
}

// As for the matrix product: activations of 7 bits mean the same on every engine.
test.skipIf(!supportsRelaxedSimd())(
  "the dot path, padded, strided, dilated and grouped",
  async () => {
    const kernels = await loadKernels({ variant: "relaxed" });
    for (const groups of [1, 2]) {
      const conv: ReferenceConv = {
        ...{ n: 2, h: 9, w: 7, c: 6, oc: 10, kh: 3, kw: 2, groups },
        strides: [2, 1],
        dilations: [1, 2],
        pads: [1, 0, 2, 1],
      };
      const { c, oc, kh, kw, h, w, n } = conv;
      const x = Uint8Array.from({ length: n * h * w * c }, (_, i) => (i * 89) & 127);
      const weights = Int8Array.from({ length: (oc * c * kh * kw) / groups }, (_, i) => i * 57);
      const packed = packInt8ConvWeights(kernels, {
        ...{ weights, c, oc, kh, kw, groups, dotOperand: "unsigned" },
      });
      expect(packed.path).toBe("dot-unsigned");
      const want = convReference(x, weights, conv, 99, () => 0, {});
      const input = kernels.arena.upload(x);
      const y = kernels.arena.allocate(want.length * 4);
      const plan = planConvInt8(kernels, {
        ...{
          ...conv,
          x: { ptr: input.ptr, dtype: "u8", zeroPoint: 99 },
          y: y.ptr,
          weights: packed,
        },
      });
      kernels.run(plan);
      expect([...kernels.arena.i32(y.ptr, want.length)]).toEqual(want);
    }
  },
);

test("a kernel larger than the padded image is refused with the sizes", async () => {
  const kernels = await loadKernels();
  const weights = packInt8ConvWeights(kernels, {
    ...{ weights: new Int8Array(25), c: 1, oc: 1, kh: 5, kw: 5 },
  });
  expect(() =>
    planConvInt8(kernels, { x: { ptr: 0, dtype: "u8" }, y: 0, h: 3, w: 3, weights }),
  ).toThrow("planConvInt8: a 5 x 5 kernel leaves 0 x 0 pixels of 3 x 3");
});
