import type { ModelVariant } from "@edgewright/core";

// ImageNet top-1 in percent, parameters and multiply-accumulates in millions: published figures, of torchvision's
// documentation or of the paper where torchvision has not the model, quoted from memory. ncnn's table has times only.
// Nothing is claimed of int8: those rows have no accuracy and are left out.
const CLASSIFIERS: Readonly<
  Record<string, readonly [top1: number, parameters: number, macs: number]>
> = {
  alexnet: [56.52, 61.1, 710],
  efficientnet_b0: [77.69, 5.3, 390],
  googlenet: [69.78, 6.6, 1500],
  mnasnet: [73.46, 4.4, 310],
  mobilenet: [70.6, 4.2, 569],
  mobilenet_v2: [71.88, 3.5, 300],
  mobilenet_v3: [74.04, 5.5, 220],
  proxylessnasnet: [74.6, 4.1, 320],
  regnety_400m: [74.05, 4.3, 400],
  resnet18: [69.76, 11.7, 1810],
  resnet50: [76.13, 25.6, 4090],
  shufflenet: [67.4, 1.9, 140],
  shufflenet_v2: [69.36, 2.3, 140],
  squeezenet: [58.18, 1.2, 350],
  vgg16: [71.59, 138.4, 15470],
};

/** Where the figures of {@link imagenetClassifiers} come from, to be printed with what is computed from them. */
export const CLASSIFIER_FIGURES =
  "times from the table; accuracy, parameters and MACs are published ones (torchvision, papers), quoted from memory";

/** The classifiers of ncnn's table as variants for a task: float only, four bytes a weight. */
export function imagenetClassifiers(task: string): ModelVariant[] {
  return Object.entries(CLASSIFIERS).map(([model, [top1, parameters, macs]]) => ({
    task,
    model,
    precision: "float",
    bytes: parameters * 4e6,
    macs: macs * 1e6,
    parameters: parameters * 1e6,
    accuracy: { metric: "top1", value: top1 },
  }));
}
