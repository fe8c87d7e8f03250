import {
  type ConcatOptions,
  concat,
  embedding,
  type PadOptions,
  pad,
  pixelShuffle,
  type Resize2dOptions,
  reshape,
  resize2d,
  type SliceOptions,
  type SplitOptions,
  slice,
  split,
  transpose,
} from "../index.js";
import layout from "./layout.json";
import { casesOf, describeReferences } from "./run-reference.test-support.js";

describeReferences(casesOf(layout), {
  concat: (inputs, options) => concat(Object.values(inputs), options as unknown as ConcatOptions),
  split: ({ x }, options) => {
    const parts = split(x!, options as unknown as SplitOptions);
    const flat = parts.map((part) => {
      return reshape(part, [part.shape.reduce((product, size) => product * size, 1)]);
    });
    return concat(flat, { axis: 0 });
  },
  pad: ({ x }, options) => pad(x!, options as unknown as PadOptions),
  slice: ({ x }, options) => slice(x!, options as unknown as SliceOptions),
  reshape: ({ x }, { shape }) => reshape(x!, shape as number[]),
  transpose: ({ x }, { permutation }) => transpose(x!, permutation as number[]),
  pixelShuffle: ({ x }, { factor }) => pixelShuffle(x!, factor as number),
  resize2d: ({ x }, options) => resize2d(x!, options as unknown as Resize2dOptions),
  embedding: ({ ids, table }) => embedding(ids!, table!),
});
