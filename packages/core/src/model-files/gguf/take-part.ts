/** Takes memory for a part of a weight. */
export type TakePart = (part: "codes" | "scales" | "mins", bytes: number) => Uint8Array;
