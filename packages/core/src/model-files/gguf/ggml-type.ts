/** A way in which GGUF stores numbers: blocks of `elements` in `bytes`. */
export interface GgmlType {
  readonly name: GgmlTypeName;
  /** Its number in the file. */
  readonly id: number;
  readonly elements: number;
  readonly bytes: number;
}

/** Storage types that are read into weights. */
export type GgmlTypeName =
  | "f32"
  | "f16"
  | "bf16"
  | "q8_0"
  | "q4_0"
  | "q4_1"
  | "q5_0"
  | "q4_k"
  | "q6_k"
  | "tq1_0"
  | "tq2_0";

/** Types, numbers and block sizes as ggml.h has them. */
export const GGML_TYPES: readonly GgmlType[] = [
  { name: "f32", id: 0, elements: 1, bytes: 4 },
  { name: "f16", id: 1, elements: 1, bytes: 2 },
  { name: "q4_0", id: 2, elements: 32, bytes: 18 },
  { name: "q4_1", id: 3, elements: 32, bytes: 20 },
  { name: "q5_0", id: 6, elements: 32, bytes: 22 },
  { name: "q8_0", id: 8, elements: 32, bytes: 34 },
  { name: "q4_k", id: 12, elements: 256, bytes: 144 },
  { name: "q6_k", id: 14, elements: 256, bytes: 210 },
  { name: "bf16", id: 30, elements: 1, bytes: 2 },
  { name: "tq1_0", id: 34, elements: 256, bytes: 54 },
  { name: "tq2_0", id: 35, elements: 256, bytes: 66 },
];
