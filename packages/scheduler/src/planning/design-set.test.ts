import type { EdgewrightError } from "@edgewright/core";
import { expect, test } from "vitest";
import { formatDesign } from "./design.js";
import { type DesignSet, describeStates, lookUpDesign } from "./design-set.js";
import { parseDesignSet } from "./parse-design-set.js";

const assignment = { task: "ocr", model: "crnn", precision: "int8" };
const set: DesignSet = {
  version: 1,
  designs: [
    {
      assignments: [{ ...assignment, engine: "cpu-4", processor: "cpu", options: { threads: 4 } }],
      metrics: { memory: 9e6 },
      optimality: Number.POSITIVE_INFINITY,
    },
    {
      assignments: [{ ...assignment, engine: "gpu-0", processor: "gpu" }],
      metrics: {},
      optimality: 0.5,
    },
  ],
  roles: { d0: 0, d1: 1, dm: 0, dw: 1 },
  engines: ["cpu", "gpu"],
  table: [0, 1, 0, 1, 0, 1, 0, 1].map((design) => ({
    design,
    change: design === 0 ? "none" : "CP",
  })),
};

test("a state is a bit for each troubled engine and the highest for memory", () => {
  expect(lookUpDesign(set, [], false)).toMatchObject({ state: 0, index: 0, change: "none" });
  expect(lookUpDesign(set, ["cpu"], false)).toMatchObject({ state: 1, index: 1, change: "CP" });
  expect(lookUpDesign(set, ["gpu", "gpu"], true).state).toBe(6);
  expect(lookUpDesign(set, new Set(["gpu", "cpu"]), true).state).toBe(7);
  expect(lookUpDesign(set, ["cpu"], false).design).toBe(set.designs[1]);
  expect(() => lookUpDesign(set, ["npu"], false)).toThrow("one of cpu, gpu was expected");
  const states = describeStates(set);
  expect(states).toHaveLength(8);
  expect([states[0], states[3], states[6]]).toEqual(["all well", "cpu + gpu", "gpu + memory"]);
});

test("a set survives JSON, the utopia point's optimality too", () => {
  expect(parseDesignSet(JSON.parse(JSON.stringify(set)))).toEqual(set);
  expect(parseDesignSet(set)).toEqual(set);
});

test.each<[string, unknown, string]>([
  ["version", { ...set, version: 2 }, "one of 1 expected"],
  ["roles.dm", { ...set, roles: { ...set.roles, dm: 2 } }, "there are 2 designs"],
  ["table", { ...set, table: set.table.slice(1) }, "have 8 states, got 7 entries"],
  ["table[2].design", { ...set, table: set.table.with(2, { design: 9, change: "CM" }) }, "index 9"],
  ["table[0].change", { ...set, table: [{ design: 0, change: "?" }] }, '"CM", "CP"'],
  ["engines", { ...set, engines: ["cpu", "cpu"] }, "used twice"],
  ["designs[1].assignments[0].processor", { ...set, engines: ["cpu", "npu"] }, 'got "gpu"'],
  [
    "designs[1].assignments",
    {
      ...set,
      designs: set.designs.with(1, {
        ...set.designs[1]!,
        assignments: set.designs[1]!.assignments.map((one) => ({ ...one, task: "kws" })),
      }),
    },
    'the tasks ["ocr"] of the first design were expected',
  ],
  [
    "designs[0].assignments",
    {
      ...set,
      designs: set.designs.map((design) => ({
        ...design,
        assignments: [...design.assignments, ...design.assignments],
      })),
    },
    "assigned twice",
  ],
  ["designs", { ...set, designs: [] }, "at least 1 expected"],
  ["", { ...set, extra: 1 }, 'unknown key "extra"'],
  ["", null, "object expected"],
])("a fault at '%s' is named", (where, value, message) => {
  let caught: EdgewrightError | undefined;
  try {
    parseDesignSet(value);
  } catch (error) {
    caught = error as EdgewrightError;
  }
  expect(caught?.code).toBe("invalid-data");
  expect(caught?.where).toBe(where);
  expect(caught?.message).toContain(message);
});

test("a design in one line", () => {
  expect(formatDesign(set.designs[0]!)).toBe("ocr: crnn int8 @ cpu-4");
});
