import type { FigureInput } from "@edgewright/device-bench";

// Speed-ups over fp16 on an NPU, read off the bar chart of the authors' repository: uniform low-bit weights, the
// static scheduler, the learned one.
const NPU: readonly (readonly [string, string, number, number, number])[] = [
  ["CNN/DM", "Vicuna-7B", 4.9, 6.1, 5.9],
  ["CNN/DM", "MobileLLaMA", 3.5, 4.1, 4.3],
  ["CNN/DM", "Phi-1.5", 3.5, 3.8, 4.4],
  ["Dialogsum", "Vicuna-7B", 5.2, 8.0, 5.9],
  ["Dialogsum", "MobileLLaMA", 3.9, 5.2, 5.0],
  ["Dialogsum", "Phi-1.5", 3.9, 4.8, 4.5],
  ["IWSLT", "Vicuna-7B", 5.3, 6.0, 6.9],
  ["IWSLT", "MobileLLaMA", 4.0, 4.4, 4.6],
];

// Token index at which the static scheduler falls, by its search grid over {0, T/3, 2T/3, T}.
const SWITCH_POINTS: readonly (readonly [string, string, string])[] = [
  ["Vicuna-7B", "3/2", "85 / 20 / 20 / 85"],
  ["MobileLLaMA-1.4B", "4/3", "85 / 40 / 40 / 85"],
  ["StableLM-Zephyr-3B", "4/3", "80 / 20 / 20 / 60"],
  ["Phi-1.5", "4/3", "170 / 20 / 20 / 85"],
];

/** What the paper (Chen et al., ICLR 2025, arXiv:2410.13461) and its repository report. */
export function publishedFigures(): FigureInput[] {
  const kind = "published";
  return [
    ...NPU.flatMap(([task, model, uniform, fixed, learned]): FigureInput[] => [
      { kind, metric: `${model}, ${task}, uniform, speed-up over fp16`, value: uniform, unit: "x" },
      {
        ...{ kind, metric: `${model}, ${task}, static scheduler`, value: fixed, unit: "x" },
        ...{ peer: "uniform", ratio: fixed / uniform },
      },
      {
        ...{ kind, metric: `${model}, ${task}, learned scheduler`, value: learned, unit: "x" },
        ...{ peer: "uniform", ratio: learned / uniform },
      },
    ]),
    ...SWITCH_POINTS.map(
      ([model, bits, points]): FigureInput => ({
        ...{ kind, metric: `${model}, first switch point`, value: Number.parseInt(points, 10) },
        unit: "tokens",
        note: `${bits} bits; CNN/DM / Dialogsum / translation / MT-Bench at ${points}`,
      }),
    ),
    {
      ...{ kind, metric: "fewer mean bits at no loss, CNN/DM and Dialogsum", value: 33, unit: "%" },
      note: "at most",
    },
    {
      ...{ kind, metric: "fewer mean bits on IWSLT, static", value: 9, unit: "%" },
      note: "9 to 33, for at most 2.3 % of quality",
    },
    {
      ...{ kind, metric: "2-bit Vicuna-7B, CNN/DM, Rouge-L by a prefill at high precision" },
      ...{ value: 4.3, unit: "points", note: "for 0.07 to 1.05 % of the time" },
    },
  ];
}
