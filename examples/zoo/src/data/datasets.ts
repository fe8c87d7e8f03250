/** A set of grey 28 x 28 pictures in ten classes. */
export type DatasetName = "fashion-mnist" | "mnist";

/** What is known of a data set without its pictures. */
export interface DatasetFacts {
  readonly name: DatasetName;
  readonly title: string;
  readonly classes: readonly string[];
  /** Mean of the training pixels scaled to 0 to 1. */
  readonly mean: number;
  /** Standard deviation of the training pixels scaled to 0 to 1. */
  readonly standardDeviation: number;
  /** Licence and copyright of the pictures, and who made them. */
  readonly licence: string;
  readonly source: string;
}

/** The facts of a data set. */
export function datasetFacts(name: DatasetName): DatasetFacts {
  return FACTS[name];
}

/** Whether `name` is a data set of the zoo. */
export function isDatasetName(name: string | undefined): name is DatasetName {
  return name !== undefined && Object.hasOwn(FACTS, name);
}

const FACTS: Readonly<Record<DatasetName, DatasetFacts>> = {
  "fashion-mnist": {
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    classes: [
      "T-shirt/top",
      "Trouser",
      "Pullover",
      "Dress",
      "Coat",
      "Sandal",
      "Shirt",
      "Sneaker",
      "Bag",
      "Ankle boot",
    ],
    mean: 0.286,
    standardDeviation: 0.353,
    licence: "MIT, copyright 2017 Zalando SE",
    source:
      "Xiao, Rasul, Vollgraf: Fashion-MNIST, a Novel Image Dataset for Benchmarking Machine Learning " +
      "Algorithms, 2017; https://github.com/zalandoresearch/fashion-mnist, Debian package dataset-fashion-mnist",
  },
  mnist: {
    name: "mnist",
    title: "MNIST",
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    mean: 0.1307,
    standardDeviation: 0.3081,
    licence: "CC BY-SA 3.0, LeCun, Cortes, Burges",
    source:
      "LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition, " +
      "Proc. IEEE 86(11), 1998",
  },
};
