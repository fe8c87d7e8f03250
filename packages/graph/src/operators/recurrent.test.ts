import type { Tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { floats, maxDifference, noise, numbers, run, runAll } from "./run-operator.test-support.js";

const STEPS = 4;
const BATCH = 3;
const WIDTH = 2;
const HIDDEN = 5;
const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const;
type Kind = keyof typeof GATES;
const kinds = Object.keys(GATES) as Kind[];

function inputsOf(kind: Kind, directions = 1): (Tensor | null)[] {
  const rows = GATES[kind] * HIDDEN;
  return [
    noise([STEPS, BATCH, WIDTH], 61),
    noise([directions, rows, WIDTH], 62),
    noise([directions, rows, HIDDEN], 63),
    noise([directions, 2 * rows], 64),
  ];
}

function reverseTime(x: Tensor): Tensor {
  const row = x.data.length / x.shape[0]!;
  const data = Float32Array.from(x.data as Float32Array, (_, i) => {
    const step = x.shape[0]! - 1 - Math.floor(i / row);
    return Number(x.data[step * row + (i % row)]);
  });
  return { dtype: "f32", shape: x.shape, data };
}

const of = (kind: Kind, inputs: readonly (Tensor | null)[], attributes = {}) =>
  runAll(kind, inputs, {
    attributes: { hidden_size: HIDDEN, ...attributes },
    outputCount: kind === "LSTM" ? 3 : 2,
  });

describe.each(kinds)("%s", (kind) => {
  it("ends with the last of its outputs", () => {
    const [y, last] = of(kind, inputsOf(kind));
    expect(y!.shape).toEqual([STEPS, 1, BATCH, HIDDEN]);
    expect(numbers(y!).slice(-BATCH * HIDDEN)).toEqual(numbers(last!));
  });

  it("runs backwards as forwards over reversed time", () => {
    const [x, ...weights] = inputsOf(kind);
    const [backwards] = of(kind, [x!, ...weights], { direction: "reverse" });
    const [forwards] = of(kind, [reverseTime(x!), ...weights]);
    expect(numbers(reverseTime(backwards!))).toEqual(numbers(forwards!));
  });

  it("runs both directions side by side", () => {
    const [x, ...both] = inputsOf(kind, 2);
    const [y] = of(kind, [x!, ...both], { direction: "bidirectional" });
    expect(y!.shape).toEqual([STEPS, 2, BATCH, HIDDEN]);
    for (const [d, direction] of ["forward", "reverse"].entries()) {
      const half = both.map((tensor) => {
        const size = tensor!.data.length / 2;
        return floats(
          [1, ...tensor!.shape.slice(1)],
          numbers(tensor!).slice(d * size, (d + 1) * size),
        );
      });
      const [alone] = of(kind, [x!, ...half], { direction });
      const taken = run(
        "Gather",
        [y!, { dtype: "i64", shape: [1], data: BigInt64Array.of(BigInt(d)) }],
        {
          attributes: { axis: 1 },
        },
      );
      expect(numbers(taken)).toEqual(numbers(alone!));
    }
  });

  it("puts the batch first when the layout says so", () => {
    const [x, ...weights] = inputsOf(kind);
    const [y, last] = of(kind, [x!, ...weights]);
    const swapped = run("Transpose", [x!], { attributes: { perm: [1, 0, 2] } });
    const [other, otherLast] = of(kind, [swapped, ...weights], { layout: 1 });
    expect(other).toEqual(run("Transpose", [y!], { attributes: { perm: [2, 0, 1, 3] } }));
    expect(otherLast).toEqual(run("Transpose", [last!], { attributes: { perm: [1, 0, 2] } }));
  });

  it("stops each sequence at its length", () => {
    const [x, ...weights] = inputsOf(kind);
    const lengths: Tensor = { dtype: "i32", shape: [BATCH], data: Int32Array.of(4, 2, 0) };
    const [y, last] = of(kind, [x!, ...weights, lengths]);
    const [whole] = of(kind, [x!, ...weights]);
    const at = (tensor: Tensor, step: number, b: number): number[] =>
      numbers(tensor).slice((step * BATCH + b) * HIDDEN, (step * BATCH + b + 1) * HIDDEN);
    expect(at(y!, 1, 1)).toEqual(at(whole!, 1, 1));
    expect(at(last!, 0, 1)).toEqual(at(whole!, 1, 1));
    expect(at(y!, 2, 1)).toEqual(new Array(HIDDEN).fill(0));
    expect(at(last!, 0, 2)).toEqual(new Array(HIDDEN).fill(0));
  });

  it("continues from the state it is given", () => {
    const [x, ...weights] = inputsOf(kind);
    const [whole] = of(kind, [x!, ...weights]);
    const half = (from: number): Tensor =>
      floats(
        [2, BATCH, WIDTH],
        numbers(x!).slice(from * BATCH * WIDTH, (from + 2) * BATCH * WIDTH),
      );
    const [, h, c] = of(kind, [half(0), ...weights]);
    const state = kind === "LSTM" ? [h!, c!] : [h!];
    const [second] = of(kind, [half(2), ...weights, null, ...state]);
    expect(maxDifference(second!, numbers(whole!).slice(2 * BATCH * HIDDEN))).toBeLessThan(1e-6);
  });

  it("refuses weights that do not fit", () => {
    const [x, w, r] = inputsOf(kind);
    expect(() =>
      of(kind, [x!, w!, { ...r!, shape: [1, HIDDEN, HIDDEN] }], { hidden_size: 4 }),
    ).toThrow("do not fit 1 directions of 4 units");
    expect(() => of(kind, [x!, w!, r!], { direction: "sideways" })).toThrow(
      '"sideways" is unknown',
    );
  });
});

describe("gates by their equations", () => {
  const one = (value: number): Tensor => floats([1, 1, 1], [value]);
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

  it("LSTM with peepholes, coupled gates and other activations", () => {
    const [wi, wo, wf, wc] = [0.5, -0.25, 0.75, 1];
    const w = floats([1, 4, 1], [wi, wo, wf, wc]);
    const r = floats([1, 4, 1], [0.1, 0.2, 0.3, 0.4]);
    const peepholes = floats([1, 3], [0.6, -0.7, 0.8]);
    const [x, h, c] = [2, 0.5, -0.5];
    const inputs = [one(x), w, r, null, null, one(h), one(c), peepholes];
    const i = sigmoid(wi * x + 0.1 * h + 0.6 * c);
    const f = sigmoid(wf * x + 0.3 * h + 0.8 * c);
    const g = Math.tanh(wc * x + 0.4 * h);
    const next = f * c + i * g;
    const o = sigmoid(wo * x + 0.2 * h - 0.7 * next);
    const [y] = runAll("LSTM", inputs, { attributes: { hidden_size: 1 }, outputCount: 3 });
    expect(Number(y!.data[0])).toBeCloseTo(o * Math.tanh(next), 6);
    const coupled = (1 - i) * c + i * g;
    const out = sigmoid(wo * x + 0.2 * h - 0.7 * coupled);
    const [z] = runAll("LSTM", inputs, {
      attributes: { hidden_size: 1, input_forget: 1 },
      outputCount: 3,
    });
    expect(Number(z!.data[0])).toBeCloseTo(out * Math.tanh(coupled), 6);
  });

  it("GRU before and after the linear map, clipped", () => {
    const w = floats([1, 3, 1], [0.5, -0.5, 1]);
    const r = floats([1, 3, 1], [0.25, 0.5, -2]);
    const bias = floats([1, 6], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    const [x, h] = [1.5, 0.8];
    const z = sigmoid(0.5 * x + 0.25 * h + 0.1 + 0.4);
    const reset = sigmoid(-0.5 * x + 0.5 * h + 0.2 + 0.5);
    const before = Math.tanh(x + -2 * (reset * h) + 0.6 + 0.3);
    const after = Math.tanh(x + reset * (-2 * h + 0.6) + 0.3);
    const of = (attributes: Record<string, unknown>): number =>
      Number(
        runAll("GRU", [one(x), w, r, bias, null, one(h)], {
          attributes: { hidden_size: 1, ...attributes } as never,
          outputCount: 2,
        })[0]!.data[0],
      );
    expect(of({})).toBeCloseTo((1 - z) * before + z * h, 6);
    expect(of({ linear_before_reset: 1 })).toBeCloseTo((1 - z) * after + z * h, 6);
    const clip = { type: "float", value: 0.25 };
    const [zc, rc] = [sigmoid(0.25), sigmoid(0.25)];
    const clipped = Math.tanh(Math.min(0.25, x + -2 * rc * h + 0.9));
    expect(of({ clip })).toBeCloseTo((1 - zc) * clipped + zc * h, 6);
  });

  it("RNN with a parametrised activation", () => {
    const activations = { type: "strings", value: ["LeakyRelu"] } as const;
    const activation_alpha = { type: "floats", value: [0.5] } as const;
    const [y] = runAll("RNN", [one(-2), floats([1, 1, 1], [3]), floats([1, 1, 1], [0])], {
      attributes: { hidden_size: 1, activations, activation_alpha },
      outputCount: 2,
    });
    expect(numbers(y!)).toEqual([-3]);
  });
});
