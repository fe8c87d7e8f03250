// Sees what a consumer sees: packs every package, installs the tarballs with npm in an empty folder, and
// uses them from ESM, from CommonJS and from TypeScript.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "edgewright consumer "));
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const use = `
  const kernels = await loadKernels();
  const x = kernels.arena.upload(new Float32Array([-1, 2, -3, 4]));
  kernels.dispose();
  const model = {
    graph: {
      name: "smoke", inputs: [{ name: "x", dtype: "f32", shape: [2, 2] }],
      outputs: [{ name: "y", dtype: "f32", shape: [2, 2] }],
      initializers: new Map(), valueInfo: new Map(),
      nodes: [{ name: "relu", opType: "Relu", domain: "", inputs: ["x"], outputs: ["y"], attributes: new Map() }],
    },
    opsets: new Map([["", 17]]), irVersion: 8, producer: "smoke", metadata: new Map(),
  };
  const session = await createSession(serializeModel(model));
  const { y } = await session.run({ x: tensor("f32", [2, 2], [-1, 2, -3, 4]) });
  if (String([...y.data]) !== "0,2,0,4") throw new Error("wrong result: " + y.data);
  session.dispose();
  const tape = createTape();
  const weight = createParameter({ name: "w", shape: [2, 1], data: [1, 2] });
  const loss = mean(linear(tape.input("x", [1, 2]), weight));
  const training = await loadTrainingKernels();
  const program = createProgram(training, { tape, loss });
  program.run({ x: new Float32Array([3, 4]) });
  if (String([...program.gradient(weight).data]) !== "3,4") throw new Error("wrong gradient");
  training.dispose();
  const packed = quantizeNested([0, 1, 2, 3], [1, 4], { seedBits: 2, bits: 2 });
  if (packed.planes.length !== 8) throw new Error("wrong planes: " + packed.planes);
  const square = tensor("f32", [8, 8], new Float32Array(64).fill(0.1));
  const ones = new Float32Array(8).fill(1);
  const linears = { query: square, key: square, value: square, output: square, gate: square, up: square, down: square };
  const lm = await loadLanguageModel({
    weights: {
      config: {
        architecture: "llama", dim: 8, hiddenDim: 8, layers: 1, heads: 1, kvHeads: 1, headDim: 8, vocabSize: 8,
        contextLength: 16, normEpsilon: 1e-5, ropeBase: 10000, ropePairing: "half", activation: "silu",
        subNorms: false, int8Activations: false,
      },
      embedding: square, outputNorm: ones,
      layers: [{ ...linears, attentionNorm: ones, feedForwardNorm: ones }],
    },
    metadata: {},
  });
  const said = await lm.generate([1], { maxTokens: 3 }).text();
  if (said !== "0 0 0 ") throw new Error("wrong tokens: " + said);
  lm.dispose();
  const tables = [createModelTable({ name: "tiny", latencies: [[0.5, 0.5]] })];
  const requests = [{ arrival: 0, model: "tiny", deadline: 2 }, { arrival: 0, model: "tiny", deadline: 1 }];
  const { metrics } = simulate({ policy: edf(), models: tables, requests });
  if (metrics.violations !== 0 || metrics.antt !== 1.5) throw new Error("wrong schedule: " + JSON.stringify(metrics));
  const layered = await createSession(serializeModel(model));
  const executor = createExecutor({ policy: edf(), models: { relu: { session: layered } } });
  const { completed } = await executor.submit("relu", { x: tensor("f32", [2, 2], [1, 2, 3, 4]) });
  if (completed.outcome !== "finished") throw new Error("wrong outcome: " + completed.outcome);
  executor.dispose();
  layered.dispose();
  if (typeof watchCpuLoad() !== "function") throw new Error("scheduler/node watches no load");
  if (typeof WebSocketDeviceTransport !== "function") throw new Error("scheduler/websocket exports no transport");
  const bandit = createBandit({ policy: linUcb({ dimension: 2 }), arms: ["small", "large"], seed: 1 });
  const chosen = bandit.decide([1, 0.5]);
  bandit.update(chosen.id, 1);
  if (chosen.propensity !== 1 || bandit.pending !== 0) throw new Error("wrong decision: " + JSON.stringify(chosen));
  const logged = createLoggedData({ arms: ["a", "b"], chosen: ["a", "b"], rewards: [0, 1], propensities: [0.5, 0.5] });
  if (ips(weighLog(logged, fixedTarget({ b: 1 }))).value !== 1) throw new Error("wrong estimate");
  const satisfied = qoeUtility(USER_TYPES.impatient)({ latencyMs: 10 }) > qoeUtility(USER_TYPES.impatient)({ latencyMs: 100 });
  if (!satisfied) throw new Error("wrong quality of experience");
  const svg = drawLearningCurves([{ name: "x", rounds: [1, 2], mean: [0, 1] }]);
  if (!svg.startsWith("<svg")) throw new Error("wrong picture: " + svg.slice(0, 40));
  const network = await neuralUcb({ contextDimension: 1, heads: 2, hidden: [2] });
  if (network.parameterCount !== 10) throw new Error("wrong network: " + network.parameterCount);
  network.dispose();
  if (typeof createFileStore !== "function") throw new Error("bandit/node exports no store");
  if (typeof trainPromptTokens !== "function") throw new Error("llm-decode/training exports no trainer");
  if (typeof createLanguageModel !== "function") throw new Error("autograd/language exports no model");
  if (typeof readModel !== "function") throw new Error("core/model-files exports no reader");
  if (typeof loadLanguageKernels !== "function") throw new Error("kernels/language exports no loader");
  if (typeof measureInterleaved !== "function") throw new Error("device-bench exports no measuring loop");
`;
const names = {
  core: "tensor",
  "core/model-files": "readModel",
  kernels: "loadKernels",
  "kernels/language": "loadLanguageKernels",
  "kernels/training": "loadTrainingKernels",
  graph: "createSession, serializeModel",
  autograd: "createParameter, createProgram, createTape, linear, mean",
  "autograd/language": "createLanguageModel",
  "device-bench": "measureInterleaved",
  "llm-decode": "loadLanguageModel",
  "llm-decode/training": "trainPromptTokens",
  bandit: "createBandit, linUcb",
  "bandit/neural": "neuralUcb",
  "bandit/node": "createFileStore", // like scheduler's, the entry point of NATS does not load without its peers
  "bandit/off-policy": "createLoggedData, fixedTarget, ips, weighLog",
  "bandit/qoe": "qoeUtility, USER_TYPES",
  "bandit/report": "drawLearningCurves",
  quant: "quantizeNested",
  scheduler: "createModelTable, edf, simulate",
  "scheduler/live": "createExecutor",
  "scheduler/node": "watchCpuLoad",
  "scheduler/websocket": "WebSocketDeviceTransport", // works without its peer; `nats` does not load without its own
};

try {
  const tarballs = {};
  for (const name of readdirSync(join(root, "packages"))) {
    const cwd = join(root, "packages", name);
    const packed = JSON.parse(
      run("npx", ["--yes", pinnedPnpm(), "pack", "--json", "--pack-destination", folder], cwd),
    );
    tarballs[`@edgewright/${name}`] = `file:${resolve(folder, packed.filename)}`;
  }
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, dependencies: tarballs, overrides: tarballs }),
  );
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"]);

  const imports = Object.entries(names).map(([p, n]) => `import { ${n} } from "@edgewright/${p}";`);
  const requires = Object.entries(names).map(
    ([p, n]) => `const { ${n} } = require("@edgewright/${p}");`,
  );
  writeFileSync(join(folder, "esm.mjs"), `${imports.join("\n")}\n${use}`);
  writeFileSync(
    join(folder, "cjs.cjs"),
    `${requires.join("\n")}\n(async () => {${use}})().catch((e) => { console.error(e); process.exit(1); });`,
  );
  run(process.execPath, ["esm.mjs"]);
  console.log("ESM: ok");
  run(process.execPath, ["cjs.cjs"]);
  console.log("CommonJS: ok");

  const typed = use.replace("const model = {", "const model: Model = {");
  const typeImport = 'import type { Model } from "@edgewright/graph";';
  writeFileSync(join(folder, "typed.mts"), `${imports.join("\n")}\n${typeImport}\n${typed}`);
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  for (const resolution of [
    ["--module", "nodenext", "--moduleResolution", "nodenext"],
    ["--module", "esnext", "--moduleResolution", "bundler"],
  ]) {
    run(process.execPath, [
      tsc,
      "--noEmit",
      "--strict",
      "--target",
      "es2022",
      "--lib",
      "es2023,dom,esnext.disposable",
      ...resolution,
      "typed.mts",
    ]);
    console.log(`TypeScript, ${resolution[3]}: ok`);
  }
} catch (error) {
  console.error(`${error.stdout ?? ""}${error.stderr ?? error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function pinnedPnpm() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;
}
