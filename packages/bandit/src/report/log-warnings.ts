import { formatCount, formatPercent } from "./format-figures.js";
import type { LogSummary } from "./log-summary.js";

/** What a reader of the figures must know before believing them, in whole sentences. */
export function findLogWarnings(summary: LogSummary): string[] {
  const { decisions, rewards, arms, propensities, windows } = summary;
  const warnings: string[] = [];
  if (summary.skipped > 0) {
    const why = summary.firstProblem === undefined ? "" : ` The first: ${summary.firstProblem}.`;
    warnings.push(
      `${count(summary.skipped, "line")} of the log ${were(summary.skipped)} damaged or fitted no decision, and left out.${why}`,
    );
  }
  if (summary.unusable > 0) {
    warnings.push(
      `${count(summary.unusable, "decision")} had a reward, a probability or a time that is no number, and ${were(summary.unusable)} left out.`,
    );
  }
  if (decisions === 0) {
    warnings.push("The log has no decisions, so there is nothing to show.");
    return warnings;
  }
  if (rewards.count === 0) {
    warnings.push("No decision has a reward: nothing can be said of how good the choices were.");
  } else if (rewards.count < 0.5 * decisions) {
    warnings.push(
      `Only ${formatPercent(rewards.count / decisions)} of the decisions have a reward; means speak of those alone, and they need not be like the others.`,
    );
  } else if (rewards.count < 30) {
    warnings.push(`Only ${count(rewards.count, "reward")}: every mean below is uncertain.`);
  }
  if (summary.assumed > 0) {
    warnings.push(
      `${count(summary.assumed, "reward")} did not come in time and ${were(summary.assumed)} put in as assumed; they count in every mean.`,
    );
  }
  if (propensities.certain > 0.5 * decisions) {
    const part =
      propensities.certain === decisions ? "All" : formatPercent(propensities.certain / decisions);
    warnings.push(
      `${part}${propensities.certain === decisions ? "" : " of the"} decisions had no alternative (probability 1). What other arms would have earned there cannot be estimated from the log; a floor on probabilities would change that.`,
    );
  } else if (propensities.least < 1e-3) {
    warnings.push(
      `Some choices had a probability below ${propensities.least < 1e-4 ? "1 in 10,000" : "1 in 1,000"}: few of them decide the estimates of other policies, whose intervals are wide.`,
    );
  }
  const never = arms.filter(({ chosen }) => chosen === 0).length;
  if (never > 0) {
    warnings.push(`${count(never, "arm")} ${never === 1 ? "was" : "were"} never chosen.`);
  }
  const rare = arms.filter((arm) => arm.chosen > 0 && arm.rewards.count < 10).length;
  if (rare > 0 && rewards.count > 0) {
    warnings.push(`${count(rare, "arm")} ${rare === 1 ? "has" : "have"} fewer than 10 rewards.`);
  }
  if (summary.otherArms > 0) {
    warnings.push(
      `The log names more than 1,000 arms; the ${formatCount(summary.otherArms)}${summary.otherArms >= 100_000 ? " or more" : ""} that came last are shown as one.`,
    );
  }
  if (summary.policies.length > 1) {
    warnings.push(
      `${summary.policies.length} policies wrote this log (${summary.policies.join(", ")}); their decisions are shown together.`,
    );
  }
  if (summary.time.backwards > 0) {
    warnings.push(
      `${count(summary.time.backwards, "decision")} ${summary.time.backwards === 1 ? "is" : "are"} dated before the one above: clocks differ, or logs were joined.`,
    );
  }
  const judged = windows.reduce((sum, window) => sum + window.judged, 0);
  if (judged > 0 && judged < decisions) {
    warnings.push(
      `The best arm is known for ${formatCount(judged)} of ${formatCount(decisions)} decisions; regret is the sum of those.`,
    );
  }
  return warnings;
}

function count(size: number, what: string): string {
  return `${formatCount(size)} ${what}${size === 1 ? "" : "s"}`;
}

function were(size: number): string {
  return size === 1 ? "was" : "were";
}
