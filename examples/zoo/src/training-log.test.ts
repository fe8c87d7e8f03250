import { describe, expect, it } from "vitest";
import { TrainingLog } from "./training-log.js";

const progress = {
  epoch: 1,
  epochs: 15,
  step: 800,
  stepsPerEpoch: 937,
  loss: 0.31416,
  learningRate: 0.1,
  examplesPerSecond: 5671.4,
  secondsLeft: 129,
};

function logTo(isTTY: boolean) {
  const written: string[] = [];
  return { written, log: new TrainingLog({ isTTY, write: (text) => written.push(text) }) };
}

describe("TrainingLog", () => {
  it("rewrites one line on a terminal, and clears it before what stays", () => {
    const { written, log } = logTo(true);
    log.progress("lenet-5", progress);
    log.epoch("lenet-5", 15, { epoch: 1, loss: 0.3, checkpoint: undefined as never }, 23.4);
    expect(written.join("")).toBe(
      "\r\x1b[2Klenet-5: epoch 2 of 15, step 800 of 937, loss 0.3142, 5671 pictures/s, 2 min 09 s left" +
        "\r\x1b[2Klenet-5: epoch 2 of 15, mean loss 0.3000, 23 s\n",
    );
  });

  it("writes whole lines, and fewer, into a file", () => {
    const { written, log } = logTo(false);
    log.progress("lenet-5", progress);
    log.line("lenet-5", "done");
    log.end();
    expect(written).toHaveLength(2);
    expect(written.every((text) => /^lenet-5: .*\n$/.test(text))).toBe(true);
    expect(log.interval).toBeGreaterThan(logTo(true).log.interval);
  });
});
