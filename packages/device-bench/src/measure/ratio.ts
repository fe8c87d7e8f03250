import { EdgewrightError, median, medianInterval } from "@edgewright/core";
import type { ClockName } from "./clock.js";
import type { Measurement, Timing } from "./measure-interleaved.js";
import type { TimeSummary } from "./summary.js";

/** How many times faster one candidate is than another. */
export interface Ratio {
  /** Above 1: the first is faster. Median over rounds of slower time / faster time. */
  readonly ratio: number;
  /** 95 % confidence interval of the median. */
  readonly low: number;
  readonly high: number;
}

/** The timing of a candidate by name. @throws EdgewrightError `invalid-argument` for an unknown name. */
export function timingOf(measurement: Measurement, name: string): Timing {
  const timing = measurement.timings.find((one) => one.name === name);
  if (timing) return timing;
  const known = measurement.timings.map((one) => `"${one.name}"`).join(", ");
  throw new EdgewrightError(
    "invalid-argument",
    `timingOf: no candidate "${name}"; measured were ${known}`,
  );
}

/** The summary of a candidate on one clock. @default the measurement's own clock */
export function summaryOf(
  measurement: Measurement,
  name: string,
  clock: ClockName = measurement.clock,
): TimeSummary {
  const timing = timingOf(measurement, name);
  return (clock === "cpu" ? timing.cpu : undefined) ?? timing.wall;
}

/**
 * How many times faster `name` is than `peer`: the median over rounds of peer time / own time.
 * The two samples of a round lie milliseconds apart, so the machine's drift cancels.
 */
export function ratioOf(
  measurement: Measurement,
  name: string,
  peer: string,
  clock: ClockName = measurement.clock,
): Ratio {
  const own = summaryOf(measurement, name, clock).samples;
  const other = summaryOf(measurement, peer, clock).samples;
  const ratios = own.map((time, round) => other[round]! / time);
  return { ratio: median(ratios), ...medianInterval(ratios) };
}
