/** One task's part of a design: which variant of a model runs it, and where. */
export interface Assignment {
  readonly task: string;
  /** Name of the architecture. */
  readonly model: string;
  readonly precision: string;
  /** Id of the engine in the device profile. */
  readonly engine: string;
  /**
   * What the engine occupies: models that share it take turns, and it is what can be in trouble. The kind of processor
   * (`cpu`, `gpu`, `npu`), unless the problem was made with other names.
   */
  readonly processor: string;
  /** Settings of the engine, for whoever opens it. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
}

/** A way to run all tasks of an application on a device: one assignment for each task. */
export interface Design {
  /** In the order of the problem's tasks. */
  readonly assignments: readonly Assignment[];
  /**
   * Value of every objective and constraint, by its text as `formatSlo` writes it; and the `memory` (bytes) and `workload`
   * (multiply-accumulates) that the design set was chosen by, or their stand-ins `size` and `latency`, where known.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /**
   * Fairness of the design to all objectives: the inverse of its distance from the utopia point, `Infinity` at that
   * point. JSON writes that as `null`, which `parseDesignSet` reads back.
   */
  readonly optimality: number;
  /** Where the cost of running at the same time comes from; absent for one task. */
  readonly contention?: "measured" | "modelled";
}

/**
 * A design in one line: `ocr: crnn int8 @ cpu-4; classify: mobilenet fp16 @ gpu`.
 *
 * @example
 * ```ts
 * const line = formatDesign({
 *   assignments: [{ task: "ocr", model: "crnn", precision: "int8", engine: "cpu-4", processor: "cpu" }],
 *   metrics: {},
 *   optimality: 1,
 * });
 * // "ocr: crnn int8 @ cpu-4"
 * ```
 */
export function formatDesign(design: Design): string {
  return design.assignments
    .map(({ task, model, precision, engine }) => `${task}: ${model} ${precision} @ ${engine}`)
    .join("; ");
}
