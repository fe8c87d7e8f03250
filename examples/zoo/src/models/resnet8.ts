import type { Rng } from "@edgewright/core";
import type { Model } from "@edgewright/graph";
import { type ConvOptions, ModelBuilder, type Value } from "./model-builder.js";

/**
 * ResNet-8 in the layout of MLPerf Tiny's image classifier (Banbury et al., 2021; after He et al., 2016),
 * for 28 x 28 grey pictures: a 3 x 3 stem, then three residual stacks of `width`, 2 and 4 times `width`
 * channels, the later two with stride 2 and a 1 x 1 convolution on the shortcut, then the mean over the
 * picture and a linear layer. MLPerf's own width is 16.
 */
export function buildResnet8(
  width: number,
  rng: Rng,
  metadata: Readonly<Record<string, string>> = {},
): Model {
  const net = new ModelBuilder(`resnet-8-w${width}`, [1, 28, 28], rng);
  const convNorm = (x: Value, options: ConvOptions) =>
    net.batchNorm(net.conv(x, { ...options, bias: false }));
  const stack = (x: Value, channels: number, stride: number) => {
    const inner = net.relu(convNorm(x, { channels, kernel: 3, stride }));
    const residual = convNorm(inner, { channels, kernel: 3 });
    const shortcut = stride === 1 ? x : net.conv(x, { channels, kernel: 1, stride });
    return net.relu(net.add(residual, shortcut));
  };
  let x = net.relu(convNorm(net.input, { channels: width, kernel: 3 }));
  x = stack(x, width, 1);
  x = stack(x, 2 * width, 2);
  x = stack(x, 4 * width, 2);
  return net.build(net.linear(net.globalAveragePool(x), 10), metadata);
}
