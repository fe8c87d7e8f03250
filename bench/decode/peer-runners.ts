import type { BenchContext } from "../context.js";
import type { DecodeRunner } from "./decode-runner.js";
import { createNativeLlama, type LlamaOptions, NATIVE } from "./native-llama.js";
import { openWllamaPage, WLLAMA, type WllamaPage } from "./wllama-page.js";

/** Names of the peers that can be asked for. */
export type PeerName = typeof NATIVE | typeof WLLAMA;

// One page for a whole run of the benchmark; Chromium ends with the process.
let page: Promise<WllamaPage> | undefined;

/** Loads a model file into the peers, or into none of them with `--no-peers`. */
export async function loadPeers(
  context: BenchContext,
  file: string,
  names: readonly PeerName[],
  options: LlamaOptions,
): Promise<DecodeRunner[]> {
  if (!context.peers) return [];
  const runners: DecodeRunner[] = [];
  if (names.includes(NATIVE)) {
    const native = await createNativeLlama(file, options);
    context.addVersions({ [NATIVE]: native.version });
    runners.push(native);
  }
  if (names.includes(WLLAMA)) {
    page ??= openWllamaPage();
    const { version, load } = await page;
    context.addVersions({ [WLLAMA]: version });
    runners.push(await load(file, options));
  }
  return runners;
}

/** Ends Chromium, if it was started. */
export async function closePeers(): Promise<void> {
  if (page !== undefined) await (await page).close();
  page = undefined;
}
