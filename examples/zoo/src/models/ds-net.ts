import type { Rng } from "@edgewright/core";
import type { Model } from "@edgewright/graph";
import { type ConvOptions, ModelBuilder, type Value } from "./model-builder.js";

/** Output channels of each block, in widths of the net, and its stride. */
const BLOCKS: readonly { readonly channels: number; readonly stride: number }[] = [
  { channels: 2, stride: 1 },
  { channels: 2, stride: 1 },
  { channels: 4, stride: 2 },
  { channels: 4, stride: 1 },
  { channels: 4, stride: 1 },
];

/**
 * A net of depthwise-separable convolutions in the manner of MobileNet (Howard et al., 2017) and DS-CNN
 * (Zhang et al., Hello Edge, 2017): a 3 x 3 stem of stride 2, five blocks of a depthwise 3 x 3 and a
 * 1 x 1 convolution, each with batch norm and ReLU, then the mean over the picture and a linear layer.
 *
 * @param width channels of the stem; the last block has four times as many
 */
export function buildDsNet(
  width: number,
  rng: Rng,
  metadata: Readonly<Record<string, string>> = {},
): Model {
  const net = new ModelBuilder(`ds-net-w${width}`, [1, 28, 28], rng);
  const convNormRelu = (x: Value, options: ConvOptions) =>
    net.relu(net.batchNorm(net.conv(x, { ...options, bias: false })));
  let x = convNormRelu(net.input, { channels: width, kernel: 3, stride: 2 });
  for (const { channels, stride } of BLOCKS) {
    const groups = x.shape[0]!;
    x = convNormRelu(x, { channels: groups, kernel: 3, stride, groups });
    x = convNormRelu(x, { channels: channels * width, kernel: 1 });
  }
  return net.build(net.linear(net.globalAveragePool(x), 10), metadata);
}
