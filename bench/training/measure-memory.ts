// Trains one network for three steps on one engine in a process of its own, where no other memory is in the
// way: `measure-memory.ts <engine> <network>`. Prints one JSON object.
import { type EngineName, loadEngine, networkNamed } from "./engines.js";
import type { OurTrainer } from "./our-trainer.js";

/** What a process of its own finds. */
export interface MemoryResult {
  /** Size of the engine's WebAssembly memory at the end; it never shrinks. */
  readonly wasmBytes: number;
  /** Of our engine: the account of the step. */
  readonly account?: { readonly peakBytes: number; readonly keptBytes: number };
}

if (process.argv[1]?.endsWith("measure-memory.ts")) {
  const [engineName, network] = process.argv.slice(2);
  const engine = await loadEngine(engineName as EngineName);
  const trainer = engine.create(networkNamed(network!));
  for (let i = 0; i < 3; i++) trainer.step();
  const { account } = trainer as Partial<OurTrainer>;
  const result: MemoryResult = {
    wasmBytes: trainer.wasmBytes(),
    ...(account && { account: { peakBytes: account.peakBytes, keptBytes: account.keptBytes } }),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
