// The engines of the benchmark by name, each loaded once a process.
import { loadJaxWasm, loadTfjsGradients, loadTfjsWasm } from "../peers.js";
import { createJaxTrainer, noteMemories } from "./jax-trainer.js";
import type { NetworkSpec, Trainer } from "./network.js";
import { dsCnn, lenet5, resnet8 } from "./networks.js";
import { createOurTrainer, loadOurKernels } from "./our-trainer.js";
import { completeTfjs, type Loose } from "./tfjs-kernels.js";
import { createTfjsTrainer } from "./tfjs-trainer.js";
import { createTunedTfjsTrainer } from "./tfjs-tuned.js";

/** What runs in this process; PyTorch has its own. */
export type EngineName = "ours" | "tfjs-wasm" | "tfjs-wasm, tuned" | "jax-js" | "jax-js, tuned";

/** Makes trainers, and knows its version where it is a peer. */
export interface Engine {
  readonly name: EngineName;
  readonly versions: Readonly<Record<string, string>>;
  create(spec: NetworkSpec): Trainer;
}

/** The networks by their names. */
export function networkNamed(name: string): NetworkSpec {
  const spec = [lenet5, resnet8, dsCnn].map((make) => make()).find((made) => made.name === name);
  if (spec === undefined) throw new Error(`networkNamed: no network "${name}"`);
  return spec;
}

/** Loads an engine. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  if (name === "ours") {
    const kernels = await loadOurKernels();
    return { name, versions: {}, create: (spec) => createOurTrainer(kernels, spec) };
  }
  if (name.startsWith("tfjs")) {
    const { tf, version } = await loadTfjs();
    const create = name === "tfjs-wasm" ? createTfjsTrainer : createTunedTfjsTrainer;
    const versions = { "@tensorflow/tfjs-backend-wasm": version };
    return { name, versions, create: (spec) => create(tf, spec) };
  }
  const { jax, version } = await loadJax();
  const convolution = name === "jax-js" ? "lax" : "products";
  const versions = { "@jax-js/jax": version };
  return { name, versions, create: (spec) => createJaxTrainer(jax, spec, convolution) };
}

let tfjs: Promise<{ tf: Loose; version: string }> | undefined;

/** tfjs on WebAssembly with its gradients and the kernels it lacks. */
export function loadTfjs(): Promise<{ tf: Loose; version: string }> {
  tfjs ??= loadTfjsWasm().then(async (loaded) => {
    await loadTfjsGradients();
    completeTfjs(loaded.tf);
    return loaded;
  });
  return tfjs;
}

let jaxJs: Promise<{ jax: Loose; version: string }> | undefined;

function loadJax(): Promise<{ jax: Loose; version: string }> {
  jaxJs ??= (async () => {
    noteMemories();
    return loadJaxWasm();
  })();
  return jaxJs;
}
