import { EdgewrightError, type ModelVariant, ShapeError } from "@edgewright/core";
import type { Bandit } from "../../bandit/bandit.js";
import { createBandit } from "../../bandit/create-bandit.js";
import { writeStatistics } from "../../fleet/fleet-statistics.js";
import { sharedLinUcb } from "../../linear/shared-lin-ucb.js";
import type { Policy } from "../../policy/policy.js";
import { askWhenUnsure } from "../../solicitation/ask-when-unsure.js";
import { metricsOf } from "../features/encode-model.js";
import { encodeUser } from "../features/encode-user.js";
import { metricInteractions } from "../features/metric-interactions.js";
import { qoeFeatures } from "../features/qoe-features.js";
import { variantId } from "../features/variant-id.js";
import type { QoeMetrics } from "../utility/qoe-metrics.js";
import { checkUser, qoeUtility } from "../utility/qoe-utility.js";
import { USER_TYPES } from "../utility/user-types.js";
import { DeviceFacts } from "./device-facts.js";
import type {
  ChooseOptions,
  ModelSelector,
  ModelSelectorOptions,
  VariantEstimate,
} from "./model-selector-options.js";
import { RatingSums, scaleKnowledge } from "./rating-sums.js";
import { checkLimits, findBrokenLimit, type SelectorLimits } from "./selector-limits.js";
import { readSelectorSnapshot } from "./selector-snapshot.js";

/**
 * Makes a selector: it chooses which of several models to run on this device, and learns from its user's thumbs which
 * one gives the best experience. Before the first rating it follows what is known of the user ({@link UserType}) and
 * the device, or what a fleet has learnt.
 *
 * @example
 * import { createModelSelector, USER_TYPES } from "@edgewright/bandit/qoe";
 *
 * const classifier = (model: string, bytes: number, macs: number, top1: number) =>
 *   ({ task: "classify", model, precision: "int8", bytes, macs, accuracy: { metric: "top1", value: top1 } }) as const;
 * const selector = createModelSelector({
 *   variants: [classifier("small", 2e6, 5e7, 0.62), classifier("large", 25e6, 4e9, 0.77)],
 *   user: USER_TYPES.storageBound,
 *   limits: { bytes: 100e6 },
 *   seed: 1,
 * });
 * const { id, variant, ask } = selector.choose();
 * console.log(variant.model, ask); // small true
 * // ... run it, show the result, and where `ask` says so two thumbs beside it:
 * selector.thumbsUp(id);
 * const saved = JSON.stringify(selector.snapshot()); // for the next start
 *
 * @throws EdgewrightError `invalid-argument` for variants, a user or limits that make no sense; ValidationError for a
 * snapshot or knowledge that is damaged or of another policy
 */
export function createModelSelector(options: ModelSelectorOptions): ModelSelector {
  const { variants, profile, user = USER_TYPES.balanced, seed, snapshot } = options;
  const { limits = {}, priorStrength = 0.5, trust = 0.1, policy = defaultPolicy() } = options;
  checkOptions(variants, priorStrength, trust);
  checkUser(user, "createModelSelector");
  checkLimits(limits, "createModelSelector");
  checkPolicy(policy);

  const features = qoeFeatures();
  const facts = new DeviceFacts(variants, profile, options.energyMj);
  const byId = new Map(variants.map((variant) => [variantId(variant), variant]));
  const featuresOf = (variant: ModelVariant): Float64Array =>
    features.arm(variant, facts.of(variant));
  const metricsHere = (variant: ModelVariant): QoeMetrics => metricsOf(variant, facts.of(variant));
  const looksAtArms = policy.armDimension > 0;
  const contextFor = (who = user): Float64Array | undefined =>
    policy.contextDimension > 0 ? encodeUser(who) : undefined;

  const saved = snapshot && readSelectorSnapshot(snapshot);
  if (saved) facts.restore(saved.observed);
  const ratings = new RatingSums(policy, saved?.knowledge);
  const bandit: Bandit = createBandit({
    policy,
    arms: looksAtArms
      ? new Map(variants.map((variant) => [variantId(variant), featuresOf(variant)]))
      : [...byId.keys()],
    seed,
    snapshot: saved?.bandit,
    ...pickBanditOptions(options),
  });
  if (saved) followVariants(bandit, byId, looksAtArms ? featuresOf : undefined);
  else {
    if (options.knowledge)
      writeStatistics(bandit, scaleKnowledge(policy, options.knowledge, trust));
    if (priorStrength > 0) learnPrior();
  }
  bandit.onLearn((example, arm) => ratings.add(example, arm));

  function learnPrior(): void {
    const qoe = qoeUtility(user);
    const context = contextFor();
    for (const [arm, variant] of byId) {
      const metrics = metricsHere(variant);
      const matters = Object.entries(user.utilities).some(
        ([metric, { weight }]) => weight > 0 && metric in metrics,
      );
      if (!matters) continue;
      bandit.learn({
        arm,
        reward: qoe(metrics),
        weight: priorStrength,
        ...(context && { context }),
        ...(looksAtArms && { armFeatures: featuresOf(variant) }),
      });
    }
  }

  function offerWithin(where: string, bounds: SelectorLimits): string[] {
    checkLimits(bounds, where);
    const broken = [...byId].map(([id, variant]) => ({
      id,
      why: findBrokenLimit(metricsHere(variant), bounds),
    }));
    const fine = broken.filter(({ why }) => why === undefined).map(({ id }) => id);
    if (fine.length > 0) return fine;
    throw new EdgewrightError(
      "limit-exceeded",
      `${where}: no variant keeps within the limits: ${broken.map(({ id, why }) => `${id}: ${why}`).join("; ")}`,
    );
  }

  function offer(ids: readonly string[]): readonly string[] | ReadonlyMap<string, Float64Array> {
    return looksAtArms ? new Map(ids.map((id) => [id, featuresOf(byId.get(id)!)])) : ids;
  }

  function checkRating(where: string, rating: number): void {
    if (rating >= 0 && rating <= 1) return;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: a rating from 0 to 1 was expected, got ${rating}`,
    );
  }

  const selector: ModelSelector = {
    bandit,
    choose({ limits: bounds = limits, user: who } = {}) {
      const ids = offerWithin("choose", bounds);
      const decision = bandit.decide(contextFor(who), offer(ids));
      return {
        id: decision.id,
        variant: byId.get(decision.arm)!,
        ask: decision.ask,
        propensity: decision.propensity,
        expectedQoe: decision.mean,
        width: decision.width,
      };
    },
    thumbsUp: (id) => selector.rate(id, 1),
    thumbsDown: (id) => selector.rate(id, 0),
    rate(id, rating) {
      checkRating("rate", rating);
      bandit.update(id, rating);
    },
    rateTogether(ids, rating) {
      checkRating("rateTogether", rating);
      bandit.updateAggregate(ids, rating);
    },
    observe(variant, latencyMs) {
      facts.observe(variant, latencyMs);
    },
    rank({ limits: bounds = limits, user: who }: ChooseOptions = {}) {
      const ids = offerWithin("rank", bounds);
      const estimates = bandit.estimate(contextFor(who), offer(ids));
      return [...byId]
        .map(([id, variant]): VariantEstimate => {
          const i = ids.indexOf(id);
          return {
            variant,
            expectedQoe: i < 0 ? Number.NaN : estimates.means[i]!,
            probability: i < 0 ? 0 : estimates.probabilities[i]!,
            latencyMs: facts.of(variant).latencyMs,
            ruledOutBy: findBrokenLimit(metricsHere(variant), bounds),
          };
        })
        .sort(
          (a, b) =>
            b.probability - a.probability ||
            (Number.isNaN(b.expectedQoe) ? -1 : b.expectedQoe) -
              (Number.isNaN(a.expectedQoe) ? -1 : a.expectedQoe),
        );
    },
    knowledge: () => ratings.knowledge(),
    snapshot: () => ({
      format: "edgewright-model-selector",
      version: 1,
      bandit: bandit.snapshot(),
      observed: facts.observed(),
      knowledge: ratings.isKept ? ratings.knowledge() : null,
    }),
  };
  return selector;
}

function defaultPolicy(): Policy {
  const { contextNames, armNames } = qoeFeatures();
  return sharedLinUcb({
    contextDimension: contextNames.length,
    armDimension: armNames.length,
    joint: metricInteractions(),
    alpha: 0.3,
  });
}

function pickBanditOptions({
  solicitation,
  feedback,
  clock,
  log,
}: ModelSelectorOptions): Pick<
  ModelSelectorOptions,
  "solicitation" | "feedback" | "clock" | "log"
> {
  return {
    solicitation: solicitation ?? askWhenUnsure({ width: 0.2 }),
    ...(feedback && { feedback }),
    ...(clock && { clock }),
    ...(log && { log }),
  };
}

// A snapshot knows the models of its day: new ones are added to the bandit, and those that are gone leave it.
function followVariants(
  bandit: Bandit,
  byId: ReadonlyMap<string, ModelVariant>,
  featuresOf: ((variant: ModelVariant) => Float64Array) | undefined,
): void {
  const before = bandit.arms;
  for (const [id, variant] of byId) {
    if (before.includes(id)) continue;
    bandit.addArm(id, featuresOf ? { features: featuresOf(variant) } : {});
  }
  for (const arm of before) if (!byId.has(arm)) bandit.removeArm(arm);
}

function checkOptions(
  variants: readonly ModelVariant[],
  priorStrength: number,
  trust: number,
): void {
  const ids = variants.map(variantId);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (ids.length === 0 || twice !== undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      `createModelSelector: one or more variants, none twice, were expected, got ${twice === undefined ? "none" : `"${twice}" twice`}`,
    );
  }
  if (!(priorStrength >= 0 && priorStrength < Infinity)) {
    throw new EdgewrightError(
      "invalid-argument",
      `createModelSelector: a finite priorStrength from 0 was expected, got ${priorStrength}`,
    );
  }
  if (trust > 0 && trust <= 1) return;
  throw new EdgewrightError(
    "invalid-argument",
    `createModelSelector: a trust above 0 and at most 1 was expected, got ${trust}`,
  );
}

function checkPolicy({ name, contextDimension, armDimension }: Policy): void {
  const { contextNames, armNames } = qoeFeatures();
  const fits = (dimension: number, names: readonly string[]): boolean =>
    dimension === 0 || dimension === names.length;
  if (fits(contextDimension, contextNames) && fits(armDimension, armNames)) return;
  throw new ShapeError(
    `createModelSelector: a policy over ${contextNames.length} features of the context and ${armNames.length} of the arms (or none of either) was expected, see qoeFeatures; "${name}" has ${contextDimension} and ${armDimension}`,
  );
}
