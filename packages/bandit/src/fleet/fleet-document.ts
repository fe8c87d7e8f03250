import { ValidationError } from "@edgewright/core";
import { decodeStatistics, encodeStatistics, type FleetStatistics } from "./fleet-statistics.js";
import { addNamedSums, createNamedSums, type NamedSums, type SumsShape } from "./named-sums.js";

/** How many lifetimes of a member are remembered, at least. */
const SESSIONS_PER_MEMBER = 8;

/**
 * What a fleet's members keep together under one key of a store. With the sums lies which pushes they hold, so that a
 * push whose answer was lost is not added again.
 */
export interface FleetDocument {
  readonly format: "edgewright-fleet";
  readonly version: 1;
  readonly statistics: FleetStatistics;
  /** By member, for its last lifetimes, latest last: name of the lifetime, number of its last push. */
  readonly members: Readonly<Record<string, readonly (readonly [string, number])[]>>;
}

/** Sums that a member has learnt and that the store may not hold yet. */
export interface FleetPush {
  /** Name of the lifetime that learnt them: random, so that no two lifetimes ever number alike. */
  readonly session: string;
  /** Number of the push in that lifetime, from 1. */
  readonly sequence: number;
  readonly sums: NamedSums;
}

/** A {@link FleetDocument}, checked. */
export interface FleetKnowledge {
  readonly sums: NamedSums;
  readonly members: ReadonlyMap<string, readonly (readonly [string, number])[]>;
}

/** What is kept when nothing is. */
export function createFleetKnowledge(shape: SumsShape): FleetKnowledge {
  return { sums: createNamedSums(shape), members: new Map() };
}

/** Reads what a store held. @throws ValidationError when it is damaged or of another kind of policy */
export function readFleetDocument(value: unknown, shape: SumsShape, where: string): FleetKnowledge {
  if (value === undefined) return createFleetKnowledge(shape);
  const { format, version, statistics, members } = (value ?? {}) as Partial<FleetDocument>;
  if (format !== "edgewright-fleet") {
    throw new ValidationError(`${where}: what lies there is not a fleet's; choose another key`);
  }
  if (version !== 1) {
    throw new ValidationError(
      `${where}: a fleet's document of version 1 was expected, got ${String(version)}; update the library`,
    );
  }
  if (typeof members !== "object" || members === null || Array.isArray(members)) {
    throw new ValidationError(`${where}: the fleet's list of members is damaged`);
  }
  const entries = Object.entries(members);
  for (const [member, sessions] of entries) {
    if (!Array.isArray(sessions) || !sessions.every(isSession)) {
      throw new ValidationError(`${where}: the fleet's entry of member "${member}" is damaged`);
    }
  }
  return { sums: decodeStatistics(statistics, shape, where), members: new Map(entries) };
}

/** What is stored for it. */
export function writeFleetDocument(knowledge: FleetKnowledge, shape: SumsShape): FleetDocument {
  return {
    format: "edgewright-fleet",
    version: 1,
    statistics: encodeStatistics(shape, knowledge.sums),
    members: Object.fromEntries(knowledge.members),
  };
}

/**
 * The knowledge with a member's pushes added, but for those that it holds already; undefined when it holds them all.
 *
 * @throws EdgewrightError `diverged` when a sum grows beyond float64
 */
export function addPushes(
  knowledge: FleetKnowledge,
  member: string,
  pushes: readonly FleetPush[],
  shape: SumsShape,
): FleetKnowledge | undefined {
  const sessions = new Map(knowledge.members.get(member));
  const missing = pushes.filter((push) => push.sequence > (sessions.get(push.session) ?? 0));
  if (missing.length === 0) return undefined;
  for (const { session, sequence } of missing) {
    sessions.delete(session); // to the end, as the latest
    sessions.set(session, sequence);
  }
  const members = new Map(knowledge.members);
  // Nothing that was brought this time may be forgotten, from however many lifetimes without a connection it comes:
  // when the answer is lost, all of it comes again.
  const atHand = new Set(pushes.map(({ session }) => session));
  const older = [...sessions].filter(([session]) => !atHand.has(session));
  const latest = [...sessions].filter(([session]) => atHand.has(session));
  const room = Math.max(0, SESSIONS_PER_MEMBER - latest.length);
  members.set(member, [...older.slice(older.length - Math.min(room, older.length)), ...latest]);
  const sums = addNamedSums(shape, knowledge.sums, ...missing.map((push) => push.sums));
  return { sums, members };
}

function isSession(entry: unknown): boolean {
  return (
    Array.isArray(entry) &&
    entry.length === 2 &&
    typeof entry[0] === "string" &&
    Number.isSafeInteger(entry[1]) &&
    entry[1] >= 1
  );
}
