import { createRng } from "@edgewright/core";
import { createSession, type Session } from "@edgewright/graph";
import { type CascadeAnswer, CascadeClient, type DeviceTransport } from "@edgewright/scheduler";
import { type LabelledImages, loadTestSubset, toInputTensor } from "zoo";
import type { RunOptions } from "./command-line.js";
import { pickCheckpoints } from "./heavy-model.js";
import { BIN_SECONDS, type Bin, emptyBin, emptyTotals, type WorkerResult } from "./run-record.js";
import { TOKEN } from "./start-server.js";

/** The devices of one thread. */
export interface DevicesOptions {
  readonly options: RunOptions;
  /** Numbers of the devices among all of the run. */
  readonly numbers: readonly number[];
  readonly transportOf: (device: string, number: number) => DeviceTransport;
  /** Classes that the heavy model gives the pictures of the test subset. */
  readonly heavyLabels: Uint8Array;
}

/** Devices that have joined. */
export interface JoinedDevices {
  /** Gives them pictures from `startAt` (ms since 1970) until their time is over. */
  run(startAt: number): Promise<WorkerResult>;
}

interface Device {
  readonly number: number;
  readonly client: CascadeClient;
  readonly light: Session;
}

/** Joins with all devices; each classifies with a light model of its own kind. */
export async function joinDevices(config: DevicesOptions): Promise<JoinedDevices> {
  const { options, numbers, transportOf } = config;
  const pictures = await loadTestSubset();
  const checkpoints = await pickCheckpoints(options.light);
  const lights = await Promise.all(checkpoints.map(({ model }) => createSession(model)));
  const inputs = toInputTensor(pictures, checkpoints[0]!.dataset).data;
  // Plans each, and lets the engine compile what will run often.
  for (const light of lights) {
    for (let i = 0; i < 200; i++) classifyAlone(light, inputs.subarray(i * 784, (i + 1) * 784));
  }
  const devices = await Promise.all(
    numbers.map(async (number): Promise<Device> => {
      const kind = number % lights.length;
      const device = `device-${number}`;
      const client = new CascadeClient({
        device,
        token: TOKEN,
        tier: options.light[kind]!,
        transport: transportOf(device, number),
        threshold: options.threshold,
        certainty: { scale: "logits" },
        deadlineMs: options.deadlineMs,
        windowMs: options.windowMs,
      });
      await client.start();
      return { number, client, light: lights[kind]! };
    }),
  );
  return { run: (startAt) => runDevices(config, devices, pictures, inputs, startAt) };
}

async function runDevices(
  { options, heavyLabels }: DevicesOptions,
  devices: readonly Device[],
  pictures: LabelledImages,
  inputs: Float32Array,
  startAt: number,
): Promise<WorkerResult> {
  const bins = Array.from({ length: Math.ceil(options.seconds / BIN_SECONDS) }, emptyBin);
  const totals = emptyTotals();
  const heavyMs: number[] = [];
  const answers: number[] = [];

  const give = (device: Device, picture: number, arrivedAt: number): Promise<void> => {
    const sample = answers.push(0) - 1;
    const input = inputs.subarray(picture * 784, (picture + 1) * 784);
    const logits = classifyAlone(device.light, input);
    const bin =
      bins[Math.min(bins.length - 1, Math.floor((arrivedAt - startAt) / 1000 / BIN_SECONDS))]!;
    const { threshold } = device.client;
    bin.thresholds += threshold;
    bin.lowest = Math.min(bin.lowest, threshold);
    bin.highest = Math.max(bin.highest, threshold);
    const label = pictures.labels[picture]!;
    bin.samples++;
    if (indexOfLargest(logits) === label) bin.lightRight++;
    if (heavyLabels[picture] === label) bin.heavyRight++;
    return device.client
      .classify(logits, input, { startedAt: arrivedAt - performance.timeOrigin })
      .then((answer) => {
        answers[sample]!++;
        record(answer, bin, label);
      });
  };
  const record = (answer: CascadeAnswer, bin: Bin, label: number): void => {
    if (answer.satisfied) bin.satisfied++;
    if (answer.reason !== "confident") bin.forwarded++;
    if (answer.label === label) bin.cascadeRight++;
    if (answer.source === "heavy") heavyMs.push(answer.latencyMs);
  };

  await Promise.all(devices.map((device) => keepGiving(device, options, startAt, pictures, give)));
  for (const { client } of devices) {
    const stats = client.stats();
    for (const key of ["forwarded", "resent", "recovered", "surplus"] as const) {
      totals[key] += stats[key];
    }
    for (const [reason, count] of Object.entries(stats.reasons)) {
      totals.reasons[reason as keyof typeof totals.reasons] += count;
    }
    await client.close();
  }
  totals.given = answers.length;
  totals.answered = answers.filter((count) => count >= 1).length;
  totals.twice = answers.filter((count) => count > 1).length;
  totals.lost = answers.filter((count) => count === 0).length;
  return { bins, totals, heavyMs };
}

/** Gives a device pictures as a Poisson process does, whether or not it has answered the last. */
async function keepGiving(
  device: Device,
  { seed, rate, seconds }: RunOptions,
  startAt: number,
  pictures: LabelledImages,
  give: (device: Device, picture: number, arrivedAt: number) => Promise<void>,
): Promise<void> {
  const rng = createRng(seed * 100_003 + device.number);
  const under: Promise<void>[] = [];
  let next = startAt + 1000 * rng.exponential(rate);
  while (next < startAt + 1000 * seconds) {
    const wait = next - (performance.timeOrigin + performance.now());
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    // A picture that came while the device was busy has waited: its time counts from its arrival.
    under.push(give(device, rng.integer(0, pictures.count), next));
    next += 1000 * rng.exponential(rate);
  }
  await Promise.all(under);
}

function classifyAlone(light: Session, input: Float32Array): Float32Array {
  const image = { dtype: "f32", shape: [1, 1, 28, 28], data: input } as const;
  return light.runSync({ image }).logits!.data as Float32Array;
}

function indexOfLargest(scores: Float32Array): number {
  let best = 0;
  for (let k = 1; k < scores.length; k++) if (scores[k]! > scores[best]!) best = k;
  return best;
}
