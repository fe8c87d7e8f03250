import {
  type AveragePool2dOptions,
  averagePool2d,
  globalAveragePool,
  type MaxPool2dOptions,
  maxPool2d,
} from "../index.js";
import pooling from "./pooling.json";
import { casesOf, describeReferences } from "./run-reference.test-support.js";

describeReferences(casesOf(pooling), {
  maxPool2d: ({ x }, options) => maxPool2d(x!, options as unknown as MaxPool2dOptions),
  averagePool2d: ({ x }, options) => averagePool2d(x!, options as unknown as AveragePool2dOptions),
  globalAveragePool: ({ x }) => globalAveragePool(x!),
});
