import { expect, test } from "vitest";
import { averageArchitectures, createModelTable, remainingSums } from "./model-table.js";

test("averages over samples, and over the patterns of an architecture by their samples", () => {
  const one = createModelTable({
    name: "net_a",
    architecture: "net",
    latencies: [
      [1, 2],
      [3, 6],
    ],
    sparsities: [
      [0.5, 0],
      [0.25, 1],
    ],
  });
  expect(one).toMatchObject({ layers: 2, samples: 2, meanIsolated: 6 });
  expect([...one.meanLatencies]).toEqual([2, 4]);
  expect([...one.meanSparsities!]).toEqual([0.375, 0.5]);
  const other = createModelTable({ name: "net_b", architecture: "net", latencies: [[8, 1]] });
  expect([...averageArchitectures([one, other]).get("net")!]).toEqual([4, 3]);
  expect([...remainingSums(one.meanLatencies)]).toEqual([6, 4, 0]);
  const longer = createModelTable({ name: "x", architecture: "net", latencies: [[1]] });
  expect(() => averageArchitectures([one, longer])).toThrow(/x has 1 layers, another .* net 2/);
});

test.each([
  [[], /at least one sample of one layer in latencies/],
  [[[]], /at least one sample of one layer/],
  [[[1, 2], [1]], /latencies of sample 1: 2 layers .* got 1/],
  [[[1, -2]], /sample 0, layer 1: a number from 0 to 1000000000 was expected, got -2/],
  [[[1, 1e300]], /got 1e\+300/],
  [[[1, Number.NaN]], /got NaN/],
])("latencies %j are refused", (latencies, message) => {
  expect(() => createModelTable({ name: "m", latencies })).toThrow(message);
});

test("sparsities have to fit", () => {
  const latencies = [[1, 2]];
  expect(() => createModelTable({ name: "m", latencies, sparsities: [[0.5]] })).toThrow(
    /latencies of 1 samples x 2 layers, but 1 sparsities/,
  );
  expect(() => createModelTable({ name: "m", latencies, sparsities: [[0.5, 1.5]] })).toThrow(
    /from 0 to 1 was expected, got 1.5/,
  );
});
