import {
  elu,
  type GeluOptions,
  gelu,
  hardSigmoid,
  hardSwish,
  type LeakyReluOptions,
  leakyRelu,
  logSoftmax,
  mish,
  prelu,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from "../index.js";
import activations from "./activations.json";
import { casesOf, describeReferences } from "./run-reference.test-support.js";

describeReferences(casesOf(activations), {
  relu: ({ x }) => relu(x!),
  relu6: ({ x }) => relu6(x!),
  leakyRelu: ({ x }, options) => leakyRelu(x!, options as LeakyReluOptions),
  prelu: ({ x, slope }) => prelu(x!, slope!),
  silu: ({ x }) => silu(x!),
  gelu: ({ x }, options) => gelu(x!, options as GeluOptions),
  sigmoid: ({ x }) => sigmoid(x!),
  tanh: ({ x }) => tanh(x!),
  hardSwish: ({ x }) => hardSwish(x!),
  softmax: ({ x }) => softmax(x!),
  logSoftmax: ({ x }) => logSoftmax(x!),
  elu: ({ x }) => elu(x!),
  softplus: ({ x }) => softplus(x!),
  mish: ({ x }) => mish(x!),
  hardSigmoid: ({ x }) => hardSigmoid(x!),
});
