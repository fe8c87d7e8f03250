import { drawEstimates } from "./draw-estimates.js";
import type { LogTargetEstimates } from "./estimate-log-targets.js";
import { formatCount, formatInterval, formatNumber } from "./format-figures.js";
import type { LogSummary } from "./log-summary.js";
import { escapeMarkup, shorten } from "./markup.js";
import { type Column, renderFigure, renderTable } from "./report-markup.js";

/** No interval is shown of fewer. */
const LEAST_ROWS = 10;

const NAMES: Readonly<Record<string, string>> = {
  mean: "Mean",
  ips: "IPS",
  snips: "SNIPS",
  dm: "DM",
  dr: "DR",
  sndr: "SNDR",
};

/** What other policies would have earned, by estimators that divide by the logged probabilities. */
export function renderEstimates({ estimates, rewards, asked, decisions }: LogSummary): string {
  if (!estimates || estimates.targets.length === 0) return "";
  const { targets, rows } = estimates;
  const shown = targets.map((target) => ({ name: target.name, ...headOf(target) }));
  const logging = targets.find(({ estimates }) => estimates[0]?.estimator === "mean");
  const reference = logging && { name: "the log", value: logging.estimates[0]!.value };
  const others = shown.filter(({ name }) => name !== logging?.name);
  const kinds = [
    ...new Set(targets.flatMap((target) => target.estimates.map(({ estimator }) => estimator))),
  ].filter((kind) => kind !== "mean");
  const columns: Column<LogTargetEstimates>[] = [
    { name: "Policy", kind: "text", cell: ({ name }) => shorten(name, 60) },
    ...kinds.map(
      (kind): Column<LogTargetEstimates> => ({
        name: NAMES[kind] ?? kind,
        minor: kind !== "sndr" && kind !== "snips",
        cell: ({ estimates }) =>
          formatNumber(
            (estimates[0]?.estimator === "mean"
              ? estimates[0]
              : estimates.find(({ estimator }) => estimator === kind)
            )?.value,
          ),
      }),
    ),
    { name: "95 % interval", cell: (target) => formatInterval(headOf(target).interval) },
    {
      name: "Rows it counts for",
      minor: true,
      cell: (target) => formatCount(countRows(target)),
    },
  ];
  const from =
    rows < rewards.count
      ? `${formatCount(rows)} of the ${formatCount(rewards.count)} answered decisions, drawn evenly`
      : `the ${formatCount(rows)} answered decisions`;
  const kind = new Set(others.map(({ estimator }) => NAMES[estimator] ?? estimator));
  const picture = renderFigure(
    "Estimated mean reward",
    `${[...kind].join(", ")}, with 95 % intervals; the dotted line is what the log itself earned.`,
    ({ title = "", width = 530 }) =>
      drawEstimates(others, { title, width, ...(reference && { reference }) }),
    true,
  );
  return `<p class="note">Estimated from ${from}, by weighing each with how much likelier the other policy would have
made that choice. IPS: inverse propensity scores; SNIPS: these, normalised; DM: a model of the rewards; DR: doubly
robust, the model corrected by weights; SNDR: that, normalised. The interval is that of ${[...kind].join(", ") || "the log"}, where at least ${LEAST_ROWS} rows count.${
    asked === undefined || asked === decisions
      ? ""
      : " Users were asked selectively: the estimates speak of decisions like those that were answered."
  }</p>
<div class="pictures">${picture}</div>
<div class="scroll">${renderTable("What policies would have earned a decision", columns, targets)}</div>
${renderDoubts(targets)}`;
}

// Rows that speak for the policy, by the weights.
function countRows({ estimates }: LogTargetEstimates): number {
  const weighted = estimates.find(({ estimator }) => /ips/.test(estimator)) ?? estimates[0];
  return weighted?.effectiveSampleSize ?? 0;
}

// Where users are asked when the policy is unsure, weights of answered decisions need not average 1: what is normalised
// by their sum bears that best. Doubly robust where there is a model, else what needs none.
function headOf(target: LogTargetEstimates): LogTargetEstimates["estimates"][number] {
  const { estimates } = target;
  const find = (kind: string) =>
    estimates.find(({ estimator, value }) => estimator === kind && Number.isFinite(value));
  const head = find("sndr") ?? find("dr") ?? find("snips") ?? find("mean") ?? estimates[0]!;
  // Resamples of two rows are all alike: the interval would be narrow where next to nothing is known.
  return countRows(target) < LEAST_ROWS ? { ...head, interval: undefined } : head;
}

function renderDoubts(targets: readonly LogTargetEstimates[]): string {
  const doubts = targets.flatMap(({ name, warnings }) =>
    warnings.map((warning) => ({ name, warning })),
  );
  if (doubts.length === 0) return "";
  const items = doubts
    .slice(0, 20)
    .map(
      ({ name, warning }) =>
        `<li><b><bdi>${escapeMarkup(shorten(name, 60))}</bdi></b>: ${escapeMarkup(shorten(warning, 300))}</li>`,
    );
  return `<details><summary>${doubts.length} ${doubts.length === 1 ? "reservation" : "reservations"}</summary><ul>${items.join("")}</ul></details>`;
}
