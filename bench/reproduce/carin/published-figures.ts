import type { FigureInput } from "@edgewright/device-bench";

/** What the paper reports (Panopoulos et al., ACM TECS 23(4), 2024; arXiv:2409.01089), on three phones. */
export function publishedFigures(): FigureInput[] {
  const kind = "published";
  return [
    {
      kind,
      metric: "CARIn, optimality over single-model designs",
      value: 1.92,
      unit: "x",
      note: "up to",
    },
    { kind, metric: "CARIn, optimality over OODIn", value: 10.69, unit: "x", note: "up to" },
    {
      ...{
        kind,
        metric: "CARIn, several models, over transferred designs",
        value: 4.06,
        unit: "x",
      },
      note: "up to; 1.87x on average",
    },
    {
      ...{
        kind,
        metric: "CARIn, several models, over planning each alone",
        value: 3.24,
        unit: "x",
      },
      note: "up to; 1.47x on average",
    },
    {
      kind,
      metric: "CARIn, models kept on the device",
      value: 13.83,
      unit: "MB",
      note: "one use case, Galaxy A71",
    },
    {
      kind,
      metric: "OODIn, models kept on the device",
      value: 276.36,
      unit: "MB",
      note: "the same",
    },
  ];
}
