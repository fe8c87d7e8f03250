import { describe, expect, it } from "vitest";
import type { CompletedTask } from "../tasks/completed-task.js";
import { createChromeTrace } from "./chrome-trace.js";
import { createTimeAxis } from "./time-axis.js";
import { createTimelinePage } from "./timeline-html.js";
import { drawTimeline } from "./timeline-svg.js";

/** Two requests that take turns on one accelerator: the second is late. */
const tasks: CompletedTask[] = [
  {
    ...{ id: 0, model: "a<b", priority: 1, arrival: 0, deadline: 5, outcome: "finished" },
    ...{ start: 0, finish: 4, isolated: 3 },
    segments: [
      { accelerator: 0, start: 0, end: 1, firstLayer: 0, layers: 1 },
      { accelerator: 0, start: 2, end: 4, firstLayer: 1, layers: 2 },
    ],
  },
  {
    ...{ id: 1, model: "c", priority: 3, arrival: 0.5, deadline: 1.5, outcome: "finished" },
    ...{ start: 1, finish: 2, isolated: 1 },
    segments: [{ accelerator: 1, start: 1, end: 2, firstLayer: 0, layers: 4 }],
  },
  {
    ...{ id: 2, model: "c", priority: 3, arrival: 1, deadline: Number.POSITIVE_INFINITY },
    ...{ outcome: "cancelled", finish: 3, isolated: 1 },
  },
];

function parse(svg: string): Document {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(parsed.querySelector("parsererror")).toBeNull();
  return parsed;
}

describe("createChromeTrace", () => {
  const { traceEvents } = createChromeTrace(tasks);

  it("has a slice for every segment, in microseconds", () => {
    const slices = traceEvents.filter(({ ph }) => ph === "X");
    expect(slices.map(({ name, tid, ts, dur }) => [name, tid, ts, dur])).toEqual([
      ["a<b", 0, 0, 1e6],
      ["a<b", 0, 2e6, 2e6],
      ["c", 1, 1e6, 1e6],
    ]);
  });

  it("opens and closes every request, and marks the deadlines that exist", () => {
    expect(traceEvents.filter(({ ph }) => ph === "b").map(({ id, ts }) => [id, ts])).toEqual([
      [0, 0],
      [1, 5e5],
      [2, 1e6],
    ]);
    const ends = traceEvents.filter(({ ph }) => ph === "e");
    expect(ends.map(({ id, args }) => [id, args])).toEqual([
      [0, { outcome: "finished", late: 0 }],
      [1, { outcome: "finished", late: 1 }],
      [2, { outcome: "cancelled", late: 0 }],
    ]);
    expect(traceEvents.filter(({ ph }) => ph === "n").map(({ id }) => id)).toEqual([0, 1]);
    expect(JSON.parse(JSON.stringify(traceEvents))).toEqual(traceEvents);
  });
});

describe("createTimeAxis", () => {
  it("has round marks within the window, in the unit that suits them", () => {
    expect(createTimeAxis(0, 4, 5).ticks.map(({ label }) => label)).toEqual([
      ...["0 s", "1 s", "2 s", "3 s", "4 s"],
    ]);
    expect(createTimeAxis(0.0101, 0.0149, 5).ticks.map(({ label }) => label)).toEqual([
      ...["11 ms", "12 ms", "13 ms", "14 ms"],
    ]);
    expect(createTimeAxis(0, 3e-4, 4).ticks.map(({ label }) => label)).toEqual([
      ...["0 µs", "100 µs", "200 µs", "300 µs"],
    ]);
  });
});

describe("drawTimeline", () => {
  it("refuses nothing to draw and an empty window", () => {
    expect(() => drawTimeline([])).toThrow(
      "drawTimeline: at least one task was expected, got none",
    );
    expect(() => drawTimeline(tasks, { from: 2, to: 2 })).toThrow("got 2 s to 2 s");
  });

  it("escapes names, and says how many requests it leaves out", () => {
    const svg = drawTimeline(tasks, { maxRows: 1, title: "<x>" });
    expect(svg).not.toContain("a<b");
    expect(svg).toContain("a&lt;b");
    expect(svg).toContain("<title>&lt;x&gt;</title>");
    expect(svg).toContain("and 2 more requests");
  });

  it.runIf(typeof DOMParser === "function")(
    "draws each segment twice, in its lane and its row, to scale",
    () => {
      const document = parse(drawTimeline(tasks, { width: 530, to: 4 }));
      const rects = [...document.querySelectorAll("rect")].filter((r) => !r.hasAttribute("rx"));
      const spans = rects.map((r) => [
        Number(r.getAttribute("x")),
        Number(r.getAttribute("width")),
      ]);
      // 118 left of the axis and 12 right of it leave 100 pixels a second.
      expect(spans).toEqual([
        ...[[118, 100] as const, [318, 200] as const, [218, 100] as const],
        ...[[118, 100] as const, [318, 200] as const, [218, 100] as const],
      ]);
      expect(document.querySelectorAll(".late").length).toBe(1);
      expect(document.querySelectorAll(".gone").length).toBe(1);
    },
  );

  it("draws what is far from 0, of odd names, on any accelerator, and no more bars than are seen", () => {
    const far = { ...tasks[0]!, model: "\u0007\ud800 net", arrival: 1.7e9, finish: 1.7e9 + 1e-6 };
    const segment = { accelerator: 2 ** 31, firstLayer: 0, layers: 1 };
    const segments = Array.from({ length: 20_000 }, (_, i) => {
      return { ...segment, start: 1.7e9 + i / 20_000, end: 1.7e9 + (i + 1) / 20_000 };
    });
    expect(drawTimeline([{ ...far, segments: [] }])).toContain("\ufffd\ufffd net");
    const svg = drawTimeline([{ ...far, finish: 1.7e9 + 1, segments }], { maxRows: 0 });
    expect(svg.split("<rect").length).toBeLessThan(5000);
    expect(svg).toContain(">accelerator<");
  });

  it.each([
    [{ width: Number.NaN }, /width of 300 to 100000 pixels was expected, got NaN/],
    [{ maxRows: -1 }, /maxRows from 0 was expected, got -1/],
  ])("refuses %j", (options, message) => {
    expect(() => drawTimeline(tasks, options)).toThrow(message);
  });

  it("leaves out what lies outside the window", () => {
    const svg = drawTimeline(tasks, { from: 2.5, to: 3.5 });
    expect(svg).toContain("0: a&lt;b, finished");
    expect(svg).not.toContain("1: c, finished");
  });
});

describe("createTimelinePage", () => {
  it("shows every run with its figures on one axis of time", () => {
    const page = createTimelinePage(
      [
        { name: "fcfs", tasks, figures: { ANTT: "2.0" } },
        { name: "dysta & co", tasks: tasks.slice(0, 1) },
      ],
      { title: "Trial", note: "simulated", from: 0, to: 4 },
    );
    expect(page).toContain("<h2>dysta &amp; co</h2>");
    expect(page).toContain("<dt>ANTT</dt><dd>2.0</dd>");
    expect(page.match(/>4 s</g)?.length).toBe(2);
  });
});
