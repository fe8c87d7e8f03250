import type { Rng } from "@edgewright/core";
import type { Model } from "@edgewright/graph";
import { ModelBuilder } from "./model-builder.js";

/**
 * LeNet-5 for 28 x 28 pictures: two 5 x 5 convolutions of 6 and 16 channels, linear layers of 120, 84 and
 * 10, with ReLU and max pooling in the place of the original's tanh and trained averages (LeCun, Bottou,
 * Bengio, Haffner, Proc. IEEE 1998).
 */
export function buildLenet5(rng: Rng, metadata: Readonly<Record<string, string>> = {}): Model {
  const net = new ModelBuilder("lenet-5", [1, 28, 28], rng);
  let x = net.conv(net.input, { channels: 6, kernel: 5, padding: 2 });
  x = net.maxPool(net.relu(x), 2);
  x = net.conv(x, { channels: 16, kernel: 5, padding: 0 });
  x = net.flatten(net.maxPool(net.relu(x), 2));
  x = net.relu(net.linear(x, 120, "relu"));
  x = net.relu(net.linear(x, 84, "relu"));
  return net.build(net.linear(x, 10), metadata);
}
