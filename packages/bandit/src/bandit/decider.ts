import { EdgewrightError, type Rng, restoreRng } from "@edgewright/core";
import { applyConstraints, sumOfProbabilities } from "../constraints/apply-constraints.js";
import type { ConstrainedChoice } from "../constraints/constraint.js";
import { createDecisionRecord } from "../log/decision-record.js";
import type { Example } from "../policy/policy.js";
import { admitArms } from "./admit-arms.js";
import type { Candidates } from "./arm-registry.js";
import type { Bandit } from "./bandit.js";
import type { BanditState } from "./bandit-state.js";
import type { ContextReader } from "./context-reader.js";
import type { ArmOffer } from "./decision.js";
import type { FeedbackDesk } from "./feedback-desk.js";
import { createVectorPool } from "./vector-pool.js";

/** The half of a bandit that chooses. */
export type Decider<Arm extends string, Context> = Pick<
  Bandit<Arm, Context>,
  "decide" | "estimate"
>;

/** Makes the half that chooses. */
export function createDecider<Arm extends string, Context>(
  state: BanditState<Arm, Context>,
  readContext: ContextReader<Context>,
  desk: FeedbackDesk,
): Decider<Arm, Context> {
  const { policy, registry, pending, constraints, solicitation, log, idPrefix } = state;
  const { armDimension } = policy;
  const none = new Float64Array(0);
  // Two pools: who transfers a decision's arrays to a worker takes nothing away from the bandit.
  const allocate = createVectorPool();
  const allocateKept = createVectorPool();
  const noNotes: readonly number[] = [];
  // Means and widths are scratch: a decision keeps those of the chosen arm only.
  let means = none;
  let widths = none;

  const weigh = (
    candidates: Candidates<Arm>,
    context: Float64Array,
    rng: Rng,
    caller: string,
  ): ConstrainedChoice => {
    const { arms, slots, features: armFeatures } = candidates;
    const count = slots.length;
    if (means.length !== count) {
      means = new Float64Array(count);
      widths = new Float64Array(count);
    }
    means.fill(Number.NaN);
    widths.fill(Number.NaN);
    const scores = allocate(count);
    const probabilities = allocate(count);
    const choice = { arms, context, scores, probabilities, means, widths };
    policy.evaluate({ slots, context, armFeatures }, rng, choice);
    const where = `${caller}: policy "${policy.name}"`;
    const sum = sumOfProbabilities(probabilities, where);
    if (!(Math.abs(sum - 1) < 1e-9)) {
      throw new EdgewrightError("diverged", `${where}: a sum of 1 was expected, got ${sum}`);
    }
    if (constraints.length > 0) applyConstraints(constraints, choice, caller);
    return choice;
  };

  /** Features of arms for the log: those the policy sees or, where it looks at none, those that there are. */
  const rowsForLog = (
    { arms, features }: Candidates<Arm>,
    offer: ArmOffer<Arm> | undefined,
  ): ArrayLike<number>[] | undefined => {
    if (armDimension > 0) {
      return arms.map((_, i) => features.subarray(i * armDimension, (i + 1) * armDimension));
    }
    const given = offer instanceof Map ? (offer as ReadonlyMap<Arm, ArrayLike<number>>) : undefined;
    const rows = arms.map((arm) => given?.get(arm) ?? registry.find(arm, "decide").features);
    return rows.every((row) => row && row.length > 0) ? (rows as ArrayLike<number>[]) : undefined;
  };

  const copyRow = (rows: Float64Array, index: number): Float64Array => {
    const row = allocateKept(armDimension);
    for (let i = 0; i < armDimension; i++) row[i] = rows[index * armDimension + i]!;
    return row;
  };

  return {
    decide(context, offer) {
      const given = readContext(context, "decide");
      const seen = policy.contextDimension > 0 ? given : none;
      const offered = registry.candidates(offer, "decide");
      const now = state.now("decide");
      const candidates = admitArms(constraints, offered, "decide");
      const rngBefore = state.rng.state();
      let made = false;
      let taught: Example | undefined;
      try {
        const choice = weigh(candidates, seen, state.rng, "decide");
        const { scores, probabilities } = choice;
        const chosen = draw(probabilities, state.rng);
        const number = pending.decided;
        const id = idPrefix + number.toString(36);
        const arm = candidates.arms[chosen]!;
        const propensity = probabilities[chosen]!;
        const mean = choice.means[chosen]!;
        const width = choice.widths[chosen]!;
        const question = solicitation && { mean, width, propensity, time: now };
        const ask = question ? solicitation.wants(question) : true;

        taught = desk.makeRoom(now);
        const time = now ?? number;
        const arms = candidates.arms;
        log?.(
          createDecisionRecord({
            id,
            time,
            policy: policy.name,
            context: given,
            arms,
            armFeatures: rowsForLog(candidates, offer),
            arm,
            propensity,
            probabilities,
            scores,
            mean,
            width,
            asked: question && ask,
          }),
        );
        pending.add({
          number,
          id,
          slot: candidates.slots[chosen]!,
          context: seen,
          armFeatures: armDimension > 0 ? copyRow(candidates.features, chosen) : none,
          propensity,
          time,
          notes:
            constraints.length > 0
              ? constraints.map((constraint) => constraint.decided?.(choice, chosen) ?? 0)
              : noNotes,
        });
        if (question) solicitation.decided(question, ask);
        made = true;
        desk.expire(now);
        return { id, arm, propensity, arms, scores, probabilities, mean, width, ask };
      } catch (error) {
        if (!made) state.rng = restoreRng(rngBefore);
        throw error;
      } finally {
        // Not before the decision is made: a listener may make the next one.
        if (taught) desk.tell([taught]);
      }
    },
    estimate(context, offer) {
      const given = readContext(context, "estimate");
      const seen = policy.contextDimension > 0 ? given : none;
      const { arms, ...rest } = registry.candidates(offer, "estimate");
      const admitted = admitArms(constraints, { arms, ...rest }, "estimate");
      // A copy of the random stream: what decide would draw, without drawing it.
      const choice = weigh(admitted, seen, restoreRng(state.rng.state()), "estimate");
      const spread = (values: Float64Array, missing: number): Float64Array => {
        if (admitted.arms.length === arms.length) return values.slice();
        const all = new Float64Array(arms.length).fill(missing);
        // Those admitted are in the order of those offered.
        let next = 0;
        arms.forEach((arm, i) => {
          if (arm === admitted.arms[next]) all[i] = values[next++]!;
        });
        return all;
      };
      return {
        arms,
        scores: spread(choice.scores, Number.NaN),
        probabilities: spread(choice.probabilities, 0),
        means: spread(choice.means, Number.NaN),
        widths: spread(choice.widths, Number.NaN),
      };
    },
  };
}

/** An index drawn from the probabilities; nothing is drawn where one is certain. */
function draw(probabilities: Float64Array, rng: Rng): number {
  for (let i = 0; i < probabilities.length; i++) if (probabilities[i] === 1) return i;
  let rest = rng.uniform();
  let last = 0; // the last one above 0, should rounding leave a crumb behind it
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i]!;
    if (probability === 0) continue;
    last = i;
    rest -= probability;
    if (rest < 0) break;
  }
  return last;
}
