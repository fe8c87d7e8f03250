import { expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "./safetensors.js";
import { tensor } from "./tensor.js";

it("readSafetensors reads a Buffer of Node like any other bytes", () => {
  const bytes = Buffer.from(writeSafetensors(new Map([["w", tensor("f32", [2], [1, -2])]])));
  const { data } = readSafetensors(bytes).tensors.get("w")!;
  expect([...(data as Float32Array)]).toEqual([1, -2]);
});
