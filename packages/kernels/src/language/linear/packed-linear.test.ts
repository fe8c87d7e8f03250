import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
  type PackedTensor,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeInt8Group,
  unpackTensor,
} from "@edgewright/core";
import { expect, test } from "vitest";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { multiplySlowly, numbersFrom, runLinear } from "./linear-reference.test-support.js";
import { packLinear } from "./pack-linear.js";
import type { LinearWeights } from "./packed-linear.js";

const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 33];

test("every format: within the rounding of x of the unpacked weights times x, with the same bits alone and among others", async () => {
  for (const [name, kernels] of await loadEveryLanguageKind()) {
    const next = numbersFrom(1);
    for (const [rows, cols] of [
      [37, 72],
      [16, 64],
      [5, 9],
      [33, 300],
    ] as const) {
      const w = Float32Array.from({ length: rows * cols }, () => next() * 2 - 1);
      const shape = [rows, cols];
      const cases: [string, LinearWeights, ArrayLike<number>, number][] = [];
      const p = (n: string, t: PackedTensor, tol: number) =>
        cases.push([n, t, unpackTensor(t).data, tol]);
      const dot = kernels.variant === "relaxed";
      p("int8c", quantizeInt8Channel(w, shape), 1 / 254);
      p("int8c asym", quantizeInt8Channel(w, shape, { symmetric: false }), 1 / 254);
      p("int8g32", quantizeInt8Group(w, shape, { groupSize: 32 }), 1 / 254);
      p("int8g16", quantizeInt8Group(w, shape, { groupSize: 16 }), 1 / 254);
      p("int4", quantizeInt4Group(w, shape, { groupSize: 32 }), dot ? 1 / 254 : 1 / 3854);
      p(
        "int4 a",
        quantizeInt4Group(w, shape, { groupSize: 32, symmetric: false }),
        dot ? 1 / 254 : 1 / 3854,
      );
      p("int4 128", quantizeInt4Group(w, shape, { groupSize: 128 }), dot ? 1 / 254 : 1 / 3854);
      const h = encodeFloat16(w),
        b = encodeBfloat16(w);
      cases.push(["f16", { dtype: "f16", shape, data: h }, decodeFloat16(h), 1e-6]);
      cases.push(["bf16", { dtype: "bf16", shape, data: b }, decodeBfloat16(b), 1e-6]);
      for (const [what, t, exact, tol] of cases) {
        const packed = packLinear(kernels, t);
        const x = Float32Array.from({ length: 33 * cols }, () => next() * 2 - 1);
        const all = runLinear(kernels, packed, x, 33);
        const { sums } = multiplySlowly(exact, x, { rows, cols, n: 33 });
        let worst = 0;
        for (let i = 0; i < sums.length; i++) {
          let sizes = 0;
          const row = i % rows;
          for (let c = 0; c < cols; c++) sizes += Math.abs(exact[row * cols + c]!);
          worst = Math.max(worst, Math.abs(all[i]! - sums[i]!) / (sizes * tol + 1e-6));
        }
        expect(worst, `${name}: ${what} of ${rows} x ${cols}`).toBeLessThan(1.02);
        for (const n of COUNTS)
          expect([...runLinear(kernels, packed, x, n)]).toEqual([...all.slice(0, n * rows)]);
        packed.dispose();
      }
    }
  }
});
