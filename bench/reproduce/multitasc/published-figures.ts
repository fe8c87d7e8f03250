import type { FigureInput } from "@edgewright/device-bench";

/** What the abstracts of MultiTASC (arXiv:2306.12830) and MultiTASC++ (arXiv:2412.04147) report. */
export function publishedFigures(): FigureInput[] {
  const kind = "published";
  return [
    {
      ...{ kind, metric: "MultiTASC, satisfaction over static cascades, at least", unit: "points" },
      ...{ value: 20, note: "20 to 25 points in heterogeneous set-ups, more than 40 devices" },
    },
    {
      ...{ kind, metric: "MultiTASC++, devices at the target satisfaction rate", unit: "" },
      ...{ value: 100, note: "target 95 %; also with intermittent participation and transformers" },
    },
  ];
}
