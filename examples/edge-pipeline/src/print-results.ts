import { formatBytes, formatMs, formatPercent } from "./report/format.js";
import { totalWasmBytes } from "./report/memory-section.js";
import { type ReportData, totalMs } from "./report/report-data.js";
import { describeEvent } from "./report/schedule-section.js";
import { describeLearning } from "./report/variant-section.js";
import type { ServedRequests } from "./schedule/served-requests.js";
import { describePart } from "./stage-clock.js";
import type { ToldStory } from "./story.js";
import { askingPlayer, type ChosenVariants } from "./variants/chosen-variants.js";
import type { ZooFront } from "./zoo-front.js";

/** The lines and where the time went, as text. */
export function formatReading(data: ReportData): string {
  const { lines, stages, setting, characterAccuracy, memory, image } = data;
  const total = totalMs(stages);
  const text = lines.map(
    ({ text, confidence, turned }) =>
      `${formatPercent(confidence).padStart(8)}  ${text}${turned ? "   (was upside down)" : ""}`,
  );
  const times = stages.map((time, i) => {
    const { stage, ms } = time;
    const name = stage === stages[i - 1]?.stage ? "" : stage;
    const share = formatPercent(ms / total).padStart(8);
    return `  ${name.padEnd(14)}${describePart(time).padEnd(34)}${formatMs(ms).padStart(9)}${share}`;
  });
  return [
    `Text in ${image.name} (${image.width} x ${image.height}), with confidence`,
    "",
    ...(lines.length > 0 ? text : ["  no text was found"]),
    ...(characterAccuracy === undefined
      ? []
      : ["", `  ${formatPercent(characterAccuracy)} of the characters are right`]),
    "",
    `Where the time went (${setting.engine}; measured once, wall clock)`,
    "",
    ...times,
    `  ${"total".padEnd(48)}${formatMs(total).padStart(9)}`,
    ...(memory.length === 0
      ? []
      : ["", `WebAssembly memory: ${formatBytes(totalWasmBytes(memory))}`]),
    "",
  ].join("\n");
}

/** Medians of every engine on every model, as text. */
export function formatComparison({ comparison }: ReportData): string {
  if (!comparison) return "";
  const rows = comparison.times.map(({ role, shape, engine, time }) => {
    const input = `${role} ${shape.slice(2).join(" x ")}`;
    return `  ${input.padEnd(26)}${engine.padEnd(30)}${formatMs(time.median).padStart(9)}`;
  });
  return [
    "Median latency of a model run (measured, interleaved rounds, wall clock)",
    "",
    ...rows,
    "",
  ].join("\n");
}

/** What each model of the zoo did, as text. */
export function formatZoo({ dataset, pictures, models }: ZooFront): string {
  const rows = models.map(({ name, accuracy, time, macs, bytes, isOnFront }) => {
    const { low, high } = accuracy.interval;
    const interval = `${formatPercent(low)} to ${formatPercent(high)}`;
    return (
      `${isOnFront ? "  * " : "    "}${name.padEnd(16)}${formatMs(time.median).padStart(9)}` +
      `${formatPercent(accuracy.accuracy).padStart(9)}   ${interval.padEnd(20)}` +
      `${`${(macs / 1e6).toFixed(2)} M`.padStart(9)}${formatBytes(bytes).padStart(10)}`
    );
  });
  const heading =
    `    ${"model".padEnd(16)}${"a picture".padStart(9)}${"right".padStart(9)}   ` +
    `${"95 % interval".padEnd(20)}${"MACs".padStart(9)}${"file".padStart(10)}`;
  return [
    `${pictures} pictures of ${dataset} with the models of the zoo (measured, processor time of one thread)`,
    "",
    heading,
    ...rows,
    "",
    "  * on the front: no other is as fast and as often right",
    "",
  ].join("\n");
}

/** What telling the story cost, as text; the story itself was printed while it was told. */
export function formatStory(story: ToldStory): string {
  const { model, bytes, parallel, plain, rows, tokens } = story;
  const rate = (tokensPerSecond: number): string => `${Math.round(tokensPerSecond)} tokens/s`;
  return [
    `${tokens} tokens by ${model} (${formatBytes(bytes)}) on one thread (measured, wall clock, medians of interleaved runs)`,
    "",
    `  ${"one token a pass".padEnd(34)}${rate(plain).padStart(18)}`,
    `  ${`prompt tokens, passes of ${rows} rows`.padEnd(34)}${rate(parallel).padStart(18)}` +
      `   ${story.acceptedLength.toFixed(2)} tokens a pass, ${(parallel / plain).toFixed(2)}x, the same text`,
    "",
  ].join("\n");
}

/** The plan, how the requests fared, and what the manager did, as text. */
export function formatServed(served: ServedRequests): string {
  const { objectives, designs, phases, events, policy } = served;
  return [
    `Two tasks at once on one thread, planned under "${objectives}" and scheduled by ${policy} (measured)`,
    "",
    ...designs.map(({ roles, text }) => `  ${roles.join(", ").padEnd(18)}${text}`),
    "",
    `  ${"stretch".padEnd(22)}${"requests".padStart(9)}${"late".padStart(6)}${"95 % within".padStart(13)}${"right".padStart(8)}`,
    ...phases.map(
      ({ name, requests, violations, p95Ms, accuracy }) =>
        `  ${name.padEnd(22)}${String(requests).padStart(9)}${String(violations).padStart(6)}` +
        `${formatMs(p95Ms).padStart(13)}${formatPercent(accuracy).padStart(8)}`,
    ),
    "",
    ...events.map((event) => `  ${describeEvent(event, served)}`),
    "",
  ].join("\n");
}

/** What a bandit chose for whom, and how it fared beside others, as text. */
export function formatChosen(chosen: ChosenVariants): string {
  const { devices, userTypes, players, picks, rounds, runs, oracleQoe } = chosen;
  const here = devices.findIndex(({ isReal }) => isReal);
  return [
    `A bandit that learns from thumbs which model suits whom (people and ${devices.length - 1} of ${devices.length} devices SIMULATED; ` +
      `accuracies and this machine's times measured; ${runs} runs of ${rounds} choices, ${formatMs(chosen.tookMs)})`,
    "",
    `  ${"who chooses".padEnd(28)}${"quality of experience".padStart(22)}${"regret".padStart(9)}${"questions".padStart(12)}`,
    ...players.map(
      ({ name, qoe, regret, askedShare }) =>
        `  ${name.padEnd(28)}${qoe.mean.toFixed(3).padStart(22)}${(regret.mean.at(-1) ?? 0).toFixed(0).padStart(9)}` +
        (askedShare === undefined ? "none" : formatPercent(askedShare)).padStart(12),
    ),
    `  ${"the best for all".padEnd(28)}${oracleQoe.toFixed(3).padStart(22)}${"0".padStart(9)}${"none".padStart(12)}`,
    "",
    `  on this machine, ${askingPlayer(chosen).name}: ${userTypes.map((type, i) => `${type}: ${picks[here]![i]!.variant}`).join("; ")}`,
    `  ${describeLearning(chosen)}`,
    "",
  ].join("\n");
}
