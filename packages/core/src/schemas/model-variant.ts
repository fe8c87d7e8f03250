/** How well a model does its task. */
export interface Accuracy {
  /** `top1`, `auc`, `cer` ... */
  readonly metric: string;
  readonly value: number;
  /** Whether more is better. @default true */
  readonly higherIsBetter?: boolean;
}

/** One of the shapes in which a model can be deployed for a task: an architecture at a precision. */
export interface ModelVariant {
  /** `image-classification`, `keyword-spotting`, `text-recognition` ... */
  readonly task: string;
  /** Name of the architecture. */
  readonly model: string;
  /** `fp32`, `fp16`, `int8`, `w8a16`, `ternary` ... */
  readonly precision: string;
  /** Size as stored, in bytes. */
  readonly bytes?: number;
  /** Multiply-accumulates of one inference. */
  readonly macs?: number;
  readonly parameters?: number;
  readonly accuracy?: Accuracy;
}
