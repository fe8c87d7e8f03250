import {
  type CrossEntropyOptions,
  cosineLoss,
  crossEntropy,
  type KlDivergenceOptions,
  klDivergence,
  meanSquaredError,
  softCrossEntropy,
} from "../index.js";
import losses from "./losses.json";
import { casesOf, describeReferences } from "./run-reference.test-support.js";

describeReferences(casesOf(losses), {
  crossEntropy: ({ logits, labels }, options) =>
    crossEntropy(logits!, labels!, options as CrossEntropyOptions),
  softCrossEntropy: ({ logits, targets }) => softCrossEntropy(logits!, targets!),
  klDivergence: ({ teacher, student }, options) =>
    klDivergence(teacher!, student!, options as KlDivergenceOptions),
  cosineLoss: ({ a, b }) => cosineLoss(a!, b!),
  meanSquaredError: ({ a, b }) => meanSquaredError(a!, b!),
});
