import { createReadStream, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Browser, type CDPSession, chromium, type Page } from "playwright";
import { findWllama } from "../peers.js";
import type { DecodeRunner, Prompt, WorkTime } from "./decode-runner.js";
import type { LlamaOptions } from "./native-llama.js";

/** Name of the peer in reports. */
export const WLLAMA = "wllama";

/** What llama.cpp's server measures of a completion, without the way to the page and back. */
interface Timings {
  readonly prompt_n: number;
  readonly prompt_ms: number;
  readonly predicted_n: number;
  readonly predicted_ms: number;
}

/** A page in headless Chromium that loads models into wllama. */
export interface WllamaPage {
  readonly version: string;
  load(file: string, options: LlamaOptions): Promise<DecodeRunner>;
  close(): Promise<void>;
}

/**
 * Starts Chromium (at `CHROMIUM_PATH`, otherwise at its usual place, otherwise playwright's own) on a
 * cross-origin isolated page with wllama.
 */
export async function openWllamaPage(): Promise<WllamaPage> {
  const { version, folder } = findWllama();
  const files = new Map<string, string>(); // models by their path on the server
  const server = await serve(folder, files);
  const { port } = server.address() as AddressInfo;
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(`http://localhost:${port}/`);
  const session = await browser.newBrowserCDPSession();
  await page.evaluate(importWllama);
  return {
    version,
    async load(file, options) {
      const path = `/model-${files.size}.gguf`;
      files.set(path, file);
      await page.evaluate(loadModel, { path, contextLength: options.contextLength });
      return createRunner(page, session);
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createRunner(page: Page, session: CDPSession): DecodeRunner {
  const complete = async (
    prompt: Prompt,
    tokens: number,
  ): Promise<{ timings: Timings; cpuMs: number }> => {
    const before = await cpuMsOf(session);
    const timings = await page.evaluate(runCompletion, { prompt: prompt.text, tokens });
    if (timings.prompt_n !== prompt.ids.length || timings.predicted_n !== tokens) {
      throw new Error(
        `${WLLAMA}: ${prompt.ids.length} tokens in and ${tokens} out were expected, got ` +
          `${timings.prompt_n} and ${timings.predicted_n}`,
      );
    }
    return { timings, cpuMs: (await cpuMsOf(session)) - before };
  };
  return {
    name: WLLAMA,
    async decode(prompt, tokens): Promise<WorkTime> {
      const { timings, cpuMs } = await complete(prompt, tokens + 1);
      // The clock of `predicted_ms` starts with the first token. CPU time is that of the whole completion,
      // of which the prompt's share is taken off.
      const wallMs = timings.predicted_ms;
      return { wallMs, cpuMs: (cpuMs * wallMs) / (wallMs + timings.prompt_ms) };
    },
    async prefill(prompt): Promise<WorkTime> {
      const { timings, cpuMs } = await complete(prompt, 1);
      return { wallMs: timings.prompt_ms, cpuMs };
    },
    async dispose() {
      await page.evaluate(unloadModel);
    },
  };
}

async function launchChromium(): Promise<Browser> {
  const usual = "/usr/bin/chromium";
  const path = process.env.CHROMIUM_PATH ?? (exists(usual) ? usual : undefined);
  return chromium.launch({
    ...(path === undefined ? {} : { executablePath: path }),
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
  });
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

// CPU time of all of Chromium's processes.
async function cpuMsOf(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0);
}

function serve(folder: string, files: ReadonlyMap<string, string>): Promise<Server> {
  const types: Record<string, string> = {
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".gguf": "application/octet-stream",
  };
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (path === "/") {
      response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>wllama</title>");
      return;
    }
    const file = files.get(path) ?? join(folder, path);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined || !found.isFile()) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.setHeader("Content-Type", types[extname(file)] ?? "application/octet-stream");
    response.setHeader("Content-Length", found.size);
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "localhost", () => resolve(server)));
}

// What follows runs in the page, and is sent there as text.

// biome-ignore lint/suspicious/noExplicitAny: typed by a package that is absent until needed
type Loose = any;

async function importWllama(): Promise<void> {
  const page = globalThis as Loose;
  // Not a plain import: the compiler would look for the file here.
  page.wllamaModule = await new Function("return import('/esm/index.js')")();
}

async function loadModel(options: { path: string; contextLength: number }): Promise<void> {
  const page = globalThis as Loose;
  const { Wllama } = page.wllamaModule;
  const wllama = new Wllama(
    { default: "/esm/wasm/wllama.wasm" },
    { suppressNativeLog: true, allowOffline: true },
  );
  const model = await (await fetch(options.path)).blob();
  await wllama.loadModel([model], {
    n_ctx: options.contextLength,
    n_batch: options.contextLength,
    n_threads: 1,
    n_gpu_layers: 0,
    n_parallel: 1,
    warmup: true,
  });
  page.wllama = wllama;
}

async function runCompletion(request: { prompt: string; tokens: number }): Promise<Timings> {
  const { wllama } = globalThis as Loose;
  const { timings } = await wllama.createCompletion({
    prompt: request.prompt,
    max_tokens: request.tokens,
    temperature: 0,
    ignore_eos: true,
    cache_prompt: false,
  });
  return timings;
}

async function unloadModel(): Promise<void> {
  const page = globalThis as Loose;
  await page.wllama.exit();
  page.wllama = undefined;
}
