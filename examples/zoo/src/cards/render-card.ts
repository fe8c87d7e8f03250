import { type Card, formatAccuracy, formatDuration, formatInterval } from "./card.js";

/** A model card as Markdown. */
export function renderCard(card: Card): string {
  const { name, description, dataset, recipe, training, accuracy, subsetAccuracy, variant } = card;
  const { macs = 0, bytes = 0, parameters = 0 } = variant;
  const rows: [string, string][] = [
    ["accuracy on the full test set", describe(accuracy)],
    ...(subsetAccuracy === undefined
      ? []
      : ([["accuracy on the 1,000 pictures in this repository", describe(subsetAccuracy)]] as [
          string,
          string,
        ][])),
    ...(recipe.target === undefined
      ? []
      : ([["asked for", `at least ${(100 * recipe.target).toFixed(1)} %`]] as [string, string][])),
    ["parameters", whole(parameters)],
    ["multiply-accumulates for a picture", whole(macs)],
    ["size of the file", `${whole(bytes)} bytes`],
    ["SHA-256", `\`${card.sha256}\``],
  ];
  const making: [string, string][] = [
    ["command", `\`${training.command}\``],
    ["data", `${dataset.title}, ${whole(training.trainingPictures)} training pictures`],
    ["seed", String(recipe.seed)],
    ["epochs, batch size", `${recipe.epochs}, ${recipe.batchSize}`],
    ["optimiser", describeOptimiser(recipe)],
    [
      "learning rate",
      `to ${recipe.learningRate} over the first ${100 * recipe.warmUp} % of the steps, then half a cosine to 0`,
    ],
    ["augmentation", describeAugmentation(recipe.augmentation)],
    ["mean loss of the last epoch", training.finalLoss.toFixed(4)],
    ["wall time", `${formatDuration(training.seconds)}, one thread, beside other work`],
    ["machine", training.machine],
    ["software", `${training.software}, ${training.kernels} kernels`],
    ...(training.commit === undefined ? [] : ([["commit", training.commit]] as [string, string][])),
    ["date", training.date],
  ];
  return `# ${name}

${sentence(description)} Trained from scratch by \`@edgewright/autograd\`, measured with \`@edgewright/graph\`.

${table(["figure", "measured"], rows)}

## How it was made

${table(["", ""], making)}

The weights are those after the last step; none were chosen by their accuracy. The same command at the same
commit on the same build of the kernels gives the same bytes.

## Use and limits

Input \`image\`, [batch, 1, 28, 28], standardised as the metadata \`input\` of the file says; output \`logits\`,
[batch, 10], one a class in the order of the metadata \`classes\`. It knows centred grey 28 x 28 pictures of
${dataset.title} and nothing else, and names one of ten classes for whatever it is shown.

## Licences

Weights: Apache-2.0, as this repository. Pictures: ${dataset.licence}. ${dataset.source}.
`;
}

/** The cards as one table, for the README. */
export function renderCardTable(cards: readonly Card[]): string {
  return table(
    [
      "model",
      "data",
      "accuracy, full test set",
      "95 %",
      "parameters",
      "MACs",
      "file",
      "trained in",
    ],
    cards.map(({ name, dataset, accuracy, variant, training }) => [
      `[${name}](checkpoints/${name}.md)`,
      dataset.title,
      formatAccuracy(accuracy.accuracy),
      formatInterval(accuracy.interval),
      whole(variant.parameters ?? 0),
      `${((variant.macs ?? 0) / 1e6).toFixed(2)} M`,
      `${Math.round((variant.bytes ?? 0) / 1000)} kB`,
      formatDuration(training.seconds),
    ]),
  );
}

function describe({ accuracy, interval, correct, count }: Card["accuracy"]): string {
  return `${formatAccuracy(accuracy)} (${whole(correct)} of ${whole(count)}; 95 % interval ${formatInterval(interval)})`;
}

function describeOptimiser({ optimiser, momentum = 0, weightDecay }: Card["recipe"]): string {
  const name = optimiser === "sgd" ? `stochastic gradient descent, momentum ${momentum}` : "AdamW";
  return `${name}, weight decay ${weightDecay}`;
}

function describeAugmentation({ flip, shift, erase }: Card["recipe"]["augmentation"]): string {
  const parts: string[] = [];
  if (flip) parts.push("half of the pictures mirrored");
  if (shift) parts.push(`shifts of up to ${shift} pixels`);
  if (erase) parts.push(`a square of ${erase} pixels erased in half of them`);
  return parts.join(", ") || "none";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

function whole(value: number): string {
  return value.toLocaleString("en-US");
}
