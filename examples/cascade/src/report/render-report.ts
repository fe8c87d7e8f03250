import { BIN_SECONDS, type Bin, type RunRecord } from "../run-record.js";
import { percent, type RunSummary, TARGET_PERCENT } from "../summary.js";
import { type ChartLine, lineChart } from "./line-chart.js";
import { STYLE } from "./style.js";

/** The run as a page of its own: nothing in it is loaded from elsewhere. */
export function renderReport(record: RunRecord, summary: RunSummary): string {
  const { options } = record;
  const title = `${options.clients} devices, ${options.servers} server${options.servers > 1 ? "s" : ""}, one heavy model`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cascade: ${title}</title>
<style>${STYLE}</style>
</head>
<body><main>
<h1>${title}</h1>
<p>${intro(record)}</p>
${tiles(summary)}
${charts(record)}
<section class="two">
${accuracySection(summary)}
${countsSection(summary)}
</section>
${batchSection(record)}
<footer>Measured on ${escapeMarkup(record.machine)}, ${record.when} UTC, by <code>${escapeMarkup(command(record))}</code>.
Servers, devices and the transport shared this machine, and with whatever else it did.</footer>
</main></body>
</html>
`;
}

function intro({ options }: RunRecord): string {
  const ways = { memory: "ports in memory", ws: "WebSocket", nats: "NATS" };
  const { pace, views } = options;
  const paced =
    pace !== undefined
      ? ` The servers are slowed down on purpose: a batch of n pictures takes at least ${pace[0]} + ${pace[1]} n ms, to
stand for a heavier model.`
      : "";
  return `Each device is given ${options.rate} Fashion-MNIST pictures a second and runs ${escapeMarkup(options.light.join(" or "))} on
them; where it is unsure it asks a server, which runs ${escapeMarkup(options.heavy.join(" + "))}
${views > 1 ? `on ${views} views of each (mirrored, shifted by a pixel), takes the mean` : "on them"}, and works in batches. An answer must be
there ${options.deadlineMs} ms after the picture came. They talk over ${ways[options.transport]}; thresholds are set by
${options.controller}.${paced}`;
}

function tiles(summary: RunSummary): string {
  const { kill, accuracy } = summary;
  const facts: [string, string, string][] = [
    [summary.lost.toString(), "lost", `of ${summary.given} pictures`],
    [summary.twice.toString(), "answered twice", `${summary.surplus} surplus replies dropped`],
    [percent(summary.satisfied), "in time", "answered by the model that was asked"],
  ];
  if (kill) {
    const { recoverySeconds: recovery } = kill;
    facts.push([
      recovery === undefined ? "not" : `${recovery.toFixed(1)} s`,
      recovery === undefined ? "recovered" : "to recover",
      `${percent(kill.before)} before, ${percent(kill.during)} after the kill, ${percent(kill.after)} at the end`,
    ]);
  }
  facts.push([
    `+${(accuracy.cascade - accuracy.light).toFixed(1)}`,
    "points of accuracy",
    `over the light model alone`,
  ]);
  const items = facts.map(
    ([figure, name, note]) => `<div><dd>${figure}</dd><dt>${name}<small>${note}</small></dt></div>`,
  );
  return `<dl class="tiles">${items.join("")}</dl>`;
}

function charts({ options, bins, batches, killedAt }: RunRecord): string {
  const x = [0, options.seconds] as const;
  const mark = killedAt === undefined ? undefined : { at: killedAt, name: "server-1 killed" };
  const seen = bins
    .map((bin, i): [number, Bin] => [(i + 0.5) * BIN_SECONDS, bin])
    .filter(([, bin]) => bin.samples > 0);
  const share = (of: (bin: Bin) => number) =>
    seen.map(([at, bin]): [number, number] => [at, (100 * of(bin)) / bin.samples]);
  const satisfied: ChartLine = {
    ...{ name: "answered in time", colour: "a", points: share((bin) => bin.satisfied) },
  };
  const forwarded: ChartLine = {
    ...{ name: "forwarded", colour: "b", points: share((bin) => bin.forwarded) },
  };
  const thresholds: ChartLine = {
    ...{ name: "mean, lowest to highest of all devices", colour: "a" },
    points: seen.map(([at, bin]) => [at, bin.thresholds / bin.samples]),
    band: seen.map(([at, bin]) => [at, bin.lowest, bin.highest]),
  };
  const servers = [...new Set(batches.map(({ server }) => server))].sort();
  const sizes = servers.map(
    (name, i): ChartLine => ({
      ...{ name, colour: (["a", "b", "c"] as const)[i % 3]!, dots: true },
      points: batches
        .filter(({ server, at }) => server === name && at >= 0 && at <= options.seconds)
        .map(({ at, size }) => [at, size]),
    }),
  );
  return [
    lineChart({
      ...{ title: "Satisfaction", lines: [satisfied, forwarded], x, y: [0, 100], mark },
      ...{ yTicks: [0, 25, 50, 75, 100], unit: "%" },
      level: { at: TARGET_PERCENT, name: `target ${TARGET_PERCENT}&nbsp;%` },
    }),
    lineChart({
      ...{ title: "Thresholds", lines: [thresholds], x, y: [0, 1], mark, unit: "" },
      yTicks: [0, 0.25, 0.5, 0.75, 1],
    }),
    lineChart({
      ...{ title: "Batch sizes", lines: sizes, x, y: [0, 17], mark, unit: "" },
      yTicks: [1, 4, 8, 12, 16],
    }),
  ].join("\n");
}

function accuracySection({ accuracy }: RunSummary): string {
  const low = Math.floor(Math.min(...Object.values(accuracy)) - 2);
  const bar = (name: string, value: number, colour: string) =>
    `<div class="bar"><span>${name}</span><i class="${colour}" style="width:${((100 * (value - low)) / (100 - low)).toFixed(1)}%"></i><b>${percent(value)}</b></div>`;
  return `<div><h2>Accuracy</h2>
${bar("light alone", accuracy.light, "c")}${bar("cascade", accuracy.cascade, "a")}${bar("heavy for all", accuracy.heavy, "b")}
<p class="small">On the same pictures; bars begin at ${low} %.</p></div>`;
}

function countsSection(summary: RunSummary): string {
  const { reasons } = summary;
  const rows: [string, number][] = [
    ["pictures given", summary.given],
    ["kept by the light model, which was sure", reasons.confident],
    ["forwarded", summary.forwarded],
    ["&nbsp;&nbsp;answered by the heavy model", reasons.answered],
    ["&nbsp;&nbsp;light answer kept: server busy", reasons.busy],
    ["&nbsp;&nbsp;light answer kept: too late", reasons.late],
    ["&nbsp;&nbsp;light answer kept: no server", reasons.unavailable],
    ["&nbsp;&nbsp;light answer kept: refused or failed", reasons.refused + reasons.failed],
    ["requests sent again", summary.resent],
    ["&nbsp;&nbsp;and then answered by the heavy model", summary.recovered],
    ["surplus replies that clients dropped", summary.surplus],
    ["callers answered twice", summary.twice],
    ["callers without an answer", summary.lost],
  ];
  const cells = rows.map(([name, count]) => `<tr><td>${name}</td><td>${count}</td></tr>`);
  return `<div><h2>Counts</h2><table>${cells.join("")}</table></div>`;
}

function batchSection({ batchMs, options }: RunRecord): string {
  const { pace, views } = options;
  const head = batchMs.map(([size]) => `<th>${size}</th>`).join("");
  const real = batchMs.map(([, ms]) => `<td>${ms.toFixed(2)}</td>`).join("");
  const least = pace && batchMs.map(([size]) => `<td>${pace[0] + pace[1] * size}</td>`).join("");
  const model = escapeMarkup(options.heavy.join(" + ")) + (views > 1 ? `, ${views} views` : "");
  return `<h2>Time of a batch, ms</h2><div class="scroll"><table class="batch">
<tr><th>pictures</th>${head}</tr><tr><td>${model}, at its start</td>${real}</tr>
${least === undefined ? "" : `<tr><td>pace</td>${least}</tr>`}</table></div>`;
}

function command({ options }: RunRecord): string {
  const { transport, clients, servers, killAfter, seconds, rate, controller } = options;
  const kill = killAfter === undefined ? "" : ` --kill-after ${killAfter}`;
  const pace = options.pace === undefined ? "" : ` --pace ${options.pace.join(",")}`;
  return (
    `npm start -- --transport ${transport} --clients ${clients} --servers ${servers}${kill} --seconds ${seconds}` +
    ` --rate ${rate} --controller ${controller} --threshold ${options.threshold} --views ${options.views}${pace}` +
    ` --deadline ${options.deadlineMs}`
  );
}

function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
