import { type AttentionOptions, attention, type RopeOptions, rope } from "../index.js";
import attentions from "./attention.json";
import { casesOf, describeReferences } from "./run-reference.test-support.js";

describeReferences(casesOf(attentions), {
  attention: ({ q, k, v, mask }, options) =>
    attention(q!, k!, v!, { ...(options as AttentionOptions), ...(mask && { mask }) }),
  rope: ({ x }, options) => rope(x!, options as RopeOptions),
});
