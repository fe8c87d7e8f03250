import { expect, test } from "vitest";
import { listOutcomes, parseCascadeTable } from "./cascade-table.js";

const text =
  "i,a_ok,a_top1,a_bvsb,b_bvsb,b_ok,b_top1\n0,1,0.7,0.5,0.1,0,0.4\r\n1,0,0.6,0.2,0.9,1,0.95\n";

test("columns are found by their names, in any order", () => {
  const table = parseCascadeTable(text);
  expect(table.samples).toBe(2);
  expect([...table.models.keys()]).toEqual(["a", "b"]);
  expect([...table.models.get("b")!.margin]).toEqual([0.1, 0.9]);
  expect(listOutcomes(table, "a", "b", { from: 1 })).toEqual([
    { certainty: 0.2, lightCorrect: false, heavyCorrect: true },
  ]);
  expect(listOutcomes(table, "b", "a", { to: 1, measure: "top1" })).toEqual([
    { certainty: 0.4, lightCorrect: false, heavyCorrect: true },
  ]);
});

test.each([
  ["", "a header with columns"],
  ["i,a_ok\n0,1", "no column a_top1"],
  ["a_ok,a_top1,a_bvsb\n1,0.5,0.5\n1,1.5,0", 'line 3: a_top1 must be from 0 to 1, got "1.5"'],
  ["a_ok,a_top1,a_bvsb\n1,0.5", 'line 2: a_bvsb must be from 0 to 1, got "undefined"'],
])("a table that is not one is refused: %j", (wrong, message) => {
  expect(() => parseCascadeTable(wrong)).toThrow(message);
});

test("a model that the table lacks is named with those it has", () => {
  expect(() => listOutcomes(parseCascadeTable(text), "a", "c")).toThrow(
    'no model "c"; it has a, b',
  );
});
