import type { MeanWithBand, RegretCurve } from "@edgewright/bandit/qoe";

/** How one way of choosing fared over all simulated users and devices. */
export interface VariantPlayer {
  readonly name: string;
  /** Whether it learns from thumbs, or needs none. */
  readonly learns: boolean;
  /** Thumbs that it asked for, as a share of the choices; undefined where it asks for none. */
  readonly askedShare: number | undefined;
  /** Cumulative regret: what the best variant for each user and device would have earned more. */
  readonly regret: RegretCurve;
  /** Mean quality of experience, 0 to 1, over all choices. */
  readonly qoe: MeanWithBand;
  /** The same over the last tenth of the choices: after learning. */
  readonly finalQoe: number;
}

/** What the bandit chose for one kind of user on one device, after learning. */
export interface VariantPick {
  /** The variant chosen most. */
  readonly variant: string;
  /** Its share of the choices. */
  readonly share: number;
  /** Mean quality of experience there, over all that was chosen. */
  readonly qoe: number;
  /** The same of the best choices. */
  readonly bestQoe: number;
}

/** A device of the simulation. */
export interface VariantDevice {
  readonly name: string;
  readonly isReal: boolean;
  /** How many times slower than this machine. */
  readonly factor: number;
  /** Time of an album with the fastest and with the slowest variant, in milliseconds. */
  readonly albumMs: readonly [number, number];
}

/** What came of letting a bandit choose among the zoo's models. */
export interface ChosenVariants {
  readonly pictures: number;
  readonly rounds: number;
  readonly runs: number;
  readonly users: number;
  readonly userTypes: readonly string[];
  readonly devices: readonly VariantDevice[];
  /** Mean quality of experience of the best choices: what nobody can beat. */
  readonly oracleQoe: number;
  readonly players: readonly VariantPlayer[];
  /** By device, then by user type. */
  readonly picks: readonly (readonly VariantPick[])[];
  /** How long the simulation took. */
  readonly tookMs: number;
}

/** The player whose choices are shown: it learns, and asks only where it is unsure. */
export function askingPlayer({ players }: ChosenVariants): VariantPlayer {
  // By name: in a short run it may have been unsure every time.
  return players.find(({ name }) => name === "LinUCB, asks when unsure")!;
}

/** The player that learns from a thumb for every choice. */
export function alwaysAskingPlayer({ players }: ChosenVariants): VariantPlayer {
  return players.find(({ name }) => name === "LinUCB, asks always")!;
}
