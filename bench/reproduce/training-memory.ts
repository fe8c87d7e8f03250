// `pnpm reproduce training-memory`: what training ResNet-8 keeps for the backward pass, layer by layer, for
// three ways of training it: predicted from shapes, and held against a run.
import { parseArgs } from "node:util";
import {
  createProgram,
  type MemoryAccount,
  type Parameter,
  predictMemory,
} from "@edgewright/autograd";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { type ResNet8, recordResNet8 } from "./training-memory/resnet8.js";

interface Regime {
  readonly name: string;
  readonly mode: "train" | "frozen";
  trains(parameter: Parameter): boolean;
}

const REGIMES: readonly Regime[] = [
  { name: "full", mode: "train", trains: () => true },
  { name: "last layer", mode: "frozen", trains: ({ name }) => name.startsWith("classifier") },
  { name: "bias only", mode: "frozen", trains: ({ name }) => /\.(bias|shift)$/.test(name) },
];

const values = readOptions();
if (values.help) {
  console.log("pnpm reproduce training-memory [--batch 1] [--json]");
  process.exit(0);
}
const batch = Number(values.batch);
if (!Number.isInteger(batch) || batch < 1 || batch > 1024) {
  refuse(`--batch must be a whole number from 1 to 1024, got "${values.batch}"`);
}

const accounts = REGIMES.map((regime) => {
  const network = recordResNet8(batch, regime.mode);
  const account = predictMemory(requestOf(network, regime));
  return { regime: regime.name, account };
});
for (const [i, regime] of REGIMES.entries()) await holdAgainstRun(regime, accounts[i]!.account);

if (values.json) console.log(JSON.stringify({ batch, accounts }, null, 2));
else printTable();

function readOptions() {
  try {
    return parseArgs({
      options: {
        json: { type: "boolean" },
        batch: { type: "string", default: "1" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(message: string): never {
  console.error(`${message}. See --help`);
  process.exit(1);
}

function requestOf({ tape, loss }: ResNet8, regime: Regime) {
  const trainable = tape.parameters.filter(
    (parameter) => parameter.trainable && regime.trains(parameter),
  );
  return { tape, loss, trainable };
}

/** Runs one step and demands that live bytes are as predicted and that nothing called dead is read. */
async function holdAgainstRun(regime: Regime, account: MemoryAccount): Promise<void> {
  const network = recordResNet8(batch, regime.mode);
  using kernels = await loadTrainingKernels();
  using program = createProgram(kernels, requestOf(network, regime));
  const images = Float32Array.from({ length: batch * 32 * 32 * 3 }, (_, i) => Math.sin(i));
  const feeds = { images, labels: new Int32Array(batch) };
  const live: number[] = [];
  program.run(feeds, { onStep: ({ liveBytes }) => live.push(liveBytes) });
  const { loss } = program;
  program.run(feeds, { scrub: true });
  const expected = account.steps.map(({ liveBytes }) => liveBytes);
  if (`${live}` !== `${expected}`) throw new Error(`${regime.name}: a run kept other bytes alive`);
  if (regime.mode === "frozen" && program.loss !== loss) {
    throw new Error(`${regime.name}: a value was read after its last predicted use`);
  }
}

function printTable(): void {
  const layers = [
    ...new Set(accounts.flatMap(({ account }) => account.nodes.map(({ name }) => name))),
  ];
  const rows = layers
    .sort((a, b) => positionOf(a) - positionOf(b))
    .map((name) => [
      name,
      ...accounts.map(({ account }) => {
        const node = account.nodes.find((one) => one.name === name);
        if (node === undefined) return "";
        const kept = node.keeps.map(({ what, bytes, sharedWith }) =>
          sharedWith === undefined ? `${what} ${format(bytes)}` : `${what} (shared)`,
        );
        return kept.join(", ");
      }),
    ]);
  const totals: [string, (account: MemoryAccount) => number][] = [
    ["kept for the backward pass", (account) => account.keptBytes],
    ["gradients", (account) => account.gradientBytes],
    ["peak of values and workspace", (account) => account.peakBytes],
    ["parameters", (account) => account.parameterBytes],
  ];
  for (const [name, of] of totals) {
    rows.push([`**${name}**`, ...accounts.map(({ account }) => `**${format(of(account))}**`)]);
  }
  const header = ["layer", ...accounts.map(({ regime }) => regime)];
  const lines = [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  console.log(`ResNet-8, batch ${batch}: bytes, predicted from shapes; a run of each agreed\n`);
  console.log(lines.join("\n"));
}

function positionOf(layer: string): number {
  return accounts[0]!.account.nodes.findIndex(({ name }) => name === layer);
}

function format(bytes: number): string {
  return bytes.toLocaleString("en-US");
}
