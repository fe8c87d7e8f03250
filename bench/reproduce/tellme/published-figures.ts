import type { FigureInput } from "@edgewright/device-bench";
import type { AcceleratorFigures } from "../../decode/ternary-speed.js";

/** TeLLMe v2 on an AMD KV260 at 250 MHz; times to the first token are given for 64 and for 128 tokens. */
export const TELLME_V2: AcceleratorFigures = {
  name: "TeLLMe v2, published",
  decodeTokensPerSecond: 25,
  prefillTokensPerSecond: 143,
  firstTokenMs: { 64: 450, 128: 960 },
};

/** What the papers report of BitNet 0.73B on an AMD KV260 (arXiv:2504.16266 and 2510.15926). */
export function publishedFigures(): FigureInput[] {
  const kind = "published";
  return [
    {
      kind,
      metric: "TeLLMe v2, decode",
      value: 25,
      unit: "tokens/s",
      note: "KV260, 250 MHz, 4.8 W",
    },
    { kind, metric: "TeLLMe v2, prefill", value: 143, unit: "tokens/s" },
    {
      ...{ kind, metric: "TeLLMe v2, time to first token, 64 tokens", value: 450, unit: "ms" },
      note: "0.45 to 0.96 s for 64 to 128 tokens",
    },
    { kind, metric: "TeLLMe v2, time to first token, 128 tokens", value: 960, unit: "ms" },
    { kind, metric: "TeLLMe v1, decode", value: 9.51, unit: "tokens/s", note: "below 7 W" },
    {
      ...{ kind, metric: "TeLLMe v1, time to first token, 64 tokens", value: 550, unit: "ms" },
      note: "0.55 to 1.15 s for 64 to 128 tokens",
    },
    {
      ...{ kind, metric: "bitnet.cpp over fp16 on x86", value: 2.37, unit: "x" },
      note: "2.37 to 6.17, by the size of the model",
    },
  ];
}
