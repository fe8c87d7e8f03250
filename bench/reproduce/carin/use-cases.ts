import type { DeviceProfile } from "@edgewright/core";
import { createPlanningProblem, type PlanningProblem } from "@edgewright/scheduler";
import { CLASSIFIER_FIGURES, imagenetClassifiers } from "./imagenet-classifiers.js";

/** An application, to be planned on every device of a table. */
export interface UseCase {
  readonly name: string;
  /** File in the folder of profiles. */
  readonly table: string;
  readonly slos: string;
  /** What must be said of figures that are not from the table. @default nothing */
  readonly sources?: string;
  /** @throws EdgewrightError on a device that has nothing for one of the tasks */
  pose(profile: DeviceProfile): PlanningProblem;
}

const [CLASSIFY, SEGMENT, UPSCALE] = [
  "image-classification",
  "semantic-segmentation",
  "super-resolution",
];
const ONE = "max accuracy; min latency; min size; latency <= 41.67ms";
const TWO_CAMERAS =
  "max accuracy for front; max accuracy for rear; min latency; min size; latency <= 41.67ms";
const THREE_MODELS = [
  ...[CLASSIFY, SEGMENT, UPSCALE].map((task) => `max accuracy for ${task}`),
  "min latency; min memory; latency <= 100ms",
].join("; ");

/** The applications that gains are computed for: one model, and several at a time with modelled contention. */
export function useCases(): UseCase[] {
  const aihub = "qualcomm-aihub-perf.csv";
  return [
    {
      ...{ name: "AI-Hub, one model", table: aihub, slos: ONE },
      pose: (profile) => createPlanningProblem({ profile, slos: ONE, tasks: [CLASSIFY!] }),
    },
    {
      ...{ name: "ncnn, one model", table: "ncnn-bench.csv", slos: ONE },
      sources: CLASSIFIER_FIGURES,
      pose: (profile) =>
        createPlanningProblem({ profile, slos: ONE, variants: imagenetClassifiers(CLASSIFY!) }),
    },
    {
      ...{ name: "AI-Hub, three models", table: aihub, slos: THREE_MODELS },
      pose: (profile) =>
        createPlanningProblem({
          profile,
          slos: THREE_MODELS,
          tasks: [CLASSIFY!, SEGMENT!, UPSCALE!],
          // Accuracies are compared within a task, so they must be of one metric.
          accept: ({ task, variant }) =>
            task !== SEGMENT || variant.accuracy?.metric === "Mean Intersection Over Union",
        }),
    },
    {
      ...{ name: "ncnn, two cameras", table: "ncnn-bench.csv", slos: TWO_CAMERAS },
      sources: CLASSIFIER_FIGURES,
      pose: (profile) =>
        createPlanningProblem({
          profile,
          slos: TWO_CAMERAS,
          variants: [...imagenetClassifiers("front"), ...imagenetClassifiers("rear")],
        }),
    },
  ];
}
