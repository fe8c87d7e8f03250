import type { LineImage } from "@gutenye/ocr-common";
import { Tensor } from "onnxruntime-common";
import type { ModelSession } from "../engines/inference-engine.js";
import { resizeImage } from "../image/resize-image.js";
import type { RgbaImage } from "../image/rgba-image.js";
import { turnUpsideDown } from "../image/turn-image.js";

/** Input of PaddleOCR's orientation classifier, in pixels. */
const HEIGHT = 48;
const WIDTH = 192;
/** PaddleOCR turns a line only when the classifier is this sure (`cls_thresh`). */
const TURN_THRESHOLD = 0.9;

/** The classifier's input for one line: [1, 3, 48, 192], blue, green, red, from -1 to 1, right side 0. */
function toOrientationInput(line: RgbaImage): Tensor {
  const width = Math.min(WIDTH, Math.max(1, Math.ceil((HEIGHT * line.width) / line.height)));
  const { data } = resizeImage(line, width, HEIGHT);
  const input = new Float32Array(3 * HEIGHT * WIDTH);
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < width; x++) {
        const value = data[(y * width + x) * 4 + 2 - channel]!;
        input[(channel * HEIGHT + y) * WIDTH + x] = value / 127.5 - 1;
      }
    }
  }
  return new Tensor("float32", input, [1, 3, HEIGHT, WIDTH]);
}

/** How probable it is that the line stands on its head, from 0 to 1. */
async function upsideDownProbability(classifier: ModelSession, input: Tensor): Promise<number> {
  const outputs = await classifier.run({ [classifier.inputNames[0]!]: input });
  const [, upsideDown] = outputs[classifier.outputNames[0]!]!.data as Float32Array;
  return upsideDown!;
}

/** Turns a line that stands on its head, and tells whether it did. */
export async function turnUpright(
  classifier: ModelSession,
  line: LineImage,
  createImage: new (image: RgbaImage) => LineImage["image"],
): Promise<{ line: LineImage; turned: boolean }> {
  const pixels = line.image.getImageRawData() as RgbaImage;
  const probability = await upsideDownProbability(classifier, toOrientationInput(pixels));
  if (probability < TURN_THRESHOLD) return { line, turned: false };
  return { line: { ...line, image: new createImage(turnUpsideDown(pixels)) }, turned: true };
}
