import { ValidationError } from "@edgewright/core";
import type { FleetPush } from "./fleet-document.js";
import { decodeStatistics, encodeStatistics, type FleetStatistics } from "./fleet-statistics.js";
import type { SumsShape } from "./named-sums.js";

/** Sums of a member under the number that the store will know them by. */
export interface FleetPushState {
  /** Random name of the lifetime of the member in which they were learnt. */
  readonly session: string;
  /** Number of the push in that lifetime, from 1. */
  readonly sequence: number;
  /** Examples in it. */
  readonly examples: number;
  readonly statistics: FleetStatistics;
}

/** A push, and how many examples it brings. */
export interface MemberPush extends FleetPush {
  readonly examples: number;
}

/** What a member of a fleet has learnt that the store may not hold yet, as JSON-able data. */
export interface FleetMemberState {
  readonly format: "edgewright-fleet-member";
  readonly version: 1;
  /** Name of the member. */
  readonly member: string;
  /** Pushes that began and whose outcome is not known, oldest first. */
  readonly pushes: readonly FleetPushState[];
  /** What was learnt since, for the next push, without the noise that privacy adds to it; null where nothing was. */
  readonly learnt: FleetPushState | null;
}

/** {@link FleetMemberState}, decoded. */
export interface MemberPushes {
  readonly pushes: readonly MemberPush[];
  readonly learnt: MemberPush | undefined;
}

/** Pushes as a member's state. */
export function writeMemberState(
  member: string,
  { pushes, learnt }: MemberPushes,
  shape: SumsShape,
): FleetMemberState {
  const write = ({ session, sequence, examples, sums }: MemberPush): FleetPushState => ({
    session,
    sequence,
    examples,
    statistics: encodeStatistics(shape, sums),
  });
  return {
    format: "edgewright-fleet-member",
    version: 1,
    member,
    pushes: pushes.map(write),
    learnt: learnt ? write(learnt) : null,
  };
}

/** A member's state as pushes. @throws ValidationError when it is damaged or of another member */
export function readMemberState(state: unknown, member: string, shape: SumsShape): MemberPushes {
  const where = "createFleetMember: state";
  const { format, version, ...rest } = (state ?? {}) as Partial<FleetMemberState>;
  if (format !== "edgewright-fleet-member" || version !== 1 || !Array.isArray(rest.pushes)) {
    throw new ValidationError(`${where}: what state() of a member gave was expected`);
  }
  if (rest.member !== member) {
    throw new ValidationError(
      `${where}: the state of member "${member}" was expected, got that of "${String(rest.member)}"`,
    );
  }
  const read = (push: unknown): MemberPush => {
    const { session, sequence, examples, statistics } = (push ?? {}) as Partial<FleetPushState>;
    const isWhole = (value: unknown, least: number): value is number =>
      Number.isSafeInteger(value) && (value as number) >= least;
    if (typeof session !== "string" || !isWhole(sequence, 1) || !isWhole(examples, 0)) {
      throw new ValidationError(
        `${where}: a push has no session, number or count; the state is damaged`,
      );
    }
    return { session, sequence, examples, sums: decodeStatistics(statistics, shape, where) };
  };
  const { learnt } = rest;
  return { pushes: rest.pushes.map(read), learnt: learnt === null ? undefined : read(learnt) };
}
