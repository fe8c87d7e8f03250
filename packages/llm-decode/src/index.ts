/**
 * Language models that decode at falling precision.
 *
 * @packageDocumentation
 */
export { createLogitBias, type LogitsProcessor } from "./sampling/logits-processor.js";
export { createSampler, type Sampler, type TokenDistribution } from "./sampling/sampler.js";
export type { SamplingOptions } from "./sampling/sampling-options.js";
export {
  createStopStringFilter,
  type FilteredText,
  type StopStringFilter,
} from "./sampling/stop-strings.js";
