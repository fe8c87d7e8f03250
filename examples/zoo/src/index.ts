export {
  type Checkpoint,
  checkpointFolder,
  loadCheckpoints,
  readCheckpoint,
} from "./checkpoint.js";
export type { DatasetFacts, DatasetName } from "./data/datasets.js";
export { toInputTensor } from "./data/input-tensor.js";
export { type LabelledImages, selectImages } from "./data/labelled-images.js";
export { loadDataset } from "./data/load-dataset.js";
export { loadTestSubset } from "./data/test-subset.js";
export { type ClassificationAccuracy, evaluateAccuracy, measureLatencies } from "./evaluate.js";
export {
  type LanguageModelBytes,
  type LanguageModelFiles,
  languageModelFolder,
  languageModels,
  readLanguageModel,
} from "./language/language-models.js";
export { buildDsNet } from "./models/ds-net.js";
export { buildLenet5 } from "./models/lenet5.js";
export { buildResnet8 } from "./models/resnet8.js";
export { paretoFront } from "./pareto-front.js";
