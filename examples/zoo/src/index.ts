export {
  type Checkpoint,
  checkpointFolder,
  loadCheckpoints,
  readCheckpoint,
} from "./checkpoint.js";
export type { DatasetFacts } from "./data/datasets.js";
export { type LabelledImages, selectImages } from "./data/labelled-images.js";
export { loadTestSubset } from "./data/test-subset.js";
export { type ClassificationAccuracy, evaluateAccuracy, measureLatencies } from "./evaluate.js";
export { paretoFront } from "./pareto-front.js";
