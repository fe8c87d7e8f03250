import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileSource, type ModelContents, readModel, writeEwq } from "@edgewright/core/model-files";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { widthsOf } from "../decoder/decoder-at-width.js";
import { randomDecoder, smallConfig } from "../decoder/random-decoder.test-support.js";
import { readArguments, UsageError } from "./arguments.js";
import { main } from "./main.js";
import { writeWhole } from "./output-file.js";

const folder = mkdtempSync(join(tmpdir(), "edgewright-quant-"));
afterAll(() => rmSync(folder, { recursive: true }));

// A tokenizer of letters.
const letters = [..."abcdefghijklmnopqrstuvwxyz .,!?ABCDEFGHIJKLMN"];
const tokens = Array.from(
  { length: smallConfig.vocabSize },
  (_, at) => ["<unk>", "<s>", "</s>"][at] ?? letters[at - 3]?.replace(" ", "\u2581") ?? `<${at}>`,
);
const contents: ModelContents = {
  weights: randomDecoder(4),
  tokenizer: {
    kind: "sentencepiece",
    tokens,
    scores: tokens.map((_, at) => 100 - at),
    types: tokens.map((_, at) => (at === 0 ? 2 : at < 3 ? 3 : 1)),
    bos: 1,
    eos: 2,
    unknown: 0,
    addSpacePrefix: true,
    addBos: true,
  },
  metadata: {},
};
const model = join(folder, "model.ewq");
writeFileSync(model, writeEwq(contents));
const text = join(folder, "text.txt");
writeFileSync(
  text,
  "the cat sat on the mat. it was a good cat!|a dog came by, and they played all day.|ok",
);

let printed = "";
let complained = "";
beforeEach(() => {
  printed = "";
  complained = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    printed += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    complained += String(chunk);
    return true;
  });
  return () => vi.restoreAllMocks();
});

describe("arguments", () => {
  test("widths, groups, embedding", () => {
    expect(readArguments("m.gguf --nested 3..6 -o m.ewq".split(" "))).toMatchObject({
      model: "m.gguf",
      linear: { format: "nested", seedBits: 3, bits: 6, gptq: false },
      out: "m.ewq",
      to: "ewq",
    });
    const int4 =
      "m --int4 --group-size 64 --asymmetric --embedding f16 --json --calibrate t --gptq";
    expect(readArguments(int4.split(" "))).toMatchObject({
      linear: { format: "int4-group", groupSize: 64, symmetric: false, gptq: true },
      embedding: { format: "f16" },
    });
    expect(readArguments("m --binary-coded 4 --json".split(" ")).linear).toMatchObject({
      seedBits: 4,
      bits: 4,
    });
    expect(readArguments(["m", "-o", "m.gguf"])).toMatchObject({ to: "gguf", linear: undefined });
    const same = readArguments(
      "m --nested 2..4 --embedding same --json --gptq --calibrate t".split(" "),
    );
    expect(same.embedding).toMatchObject({ format: "nested", bits: 4, gptq: false });
  });

  test.each([
    ["", "no model given"],
    ["a b --json", "one model expected, got a, b"],
    ["m", "nothing to do"],
    ["m --nested 6..3 --json", "--nested: widths from 1 to 8 such as 3..6 expected"],
    ["m --nested 2..9 --json", 'got "2..9"'],
    ["m --int4 --int8 --json", "one format expected, got --int8 and --int4"],
    ["m --int8 --asymmetric --json", "--asymmetric does not go with"],
    ["m --ternary --group-size 32 --json", "--group-size does not go with"],
    ["m --int4 --rows-per-codebook 2 --json", "--rows-per-codebook does not go with"],
    ["m --int4 --group-size x --json", "--group-size: a whole number from 8"],
    ["m --int4 --gptq --json", "--gptq needs --calibrate"],
    [
      "m --embedding tiny --json",
      '--embedding: int8, int4, f16, f32, keep or same expected, got "tiny"',
    ],
    ["m --int4 -o m.bin", "--out: a name that ends in .ewq or .gguf"],
    ["m --int4 -o m.bin --to zip", '--to: ewq or gguf expected, got "zip"'],
    ["m --nested 3..4 -o m.gguf", "GGUF has no nested or binary codes"],
    ["m --int4 --group-size 64 -o m.gguf", "GGUF has symmetric groups of 32 columns"],
    ["m --int4 --report r.pdf", "--report: a name that ends in .html, .md or .json"],
    ["m --nonsense", "nonsense"],
  ])("%s is refused", (args, message) => {
    expect(() => readArguments(args.split(" ").filter(Boolean))).toThrow(UsageError);
    expect(() => readArguments(args.split(" ").filter(Boolean))).toThrow(message);
  });
});

describe("main", () => {
  test("--help", async () => {
    expect(await main(["--help"])).toBe(0);
    expect(printed).toContain("edgewright-quant <model>");
  });

  test("mistakes end with 2 and one line, files that are not there or are none with 1", async () => {
    expect(await main([])).toBe(2);
    expect(complained).toBe("edgewright-quant: no model given (--help lists the options)\n");
    expect(await main([join(folder, "missing.gguf"), "--int4", "--json"])).toBe(1);
    expect(complained).toContain("missing.gguf");
    complained = "";
    expect(await main([text, "--int4", "--json"])).toBe(1);
    expect(complained.split("\n")).toHaveLength(2);
  });

  test("nested codes with sensitivities and GPTQ, nll and a report; the file reads back", async () => {
    const out = join(folder, "small.ewq");
    const report = join(folder, "report.html");
    const texts = ["--calibrate", text, "--evaluate", text, "--separator", "|", "--length", "24"];
    const formats = ["--nested", "2..4", "--gptq", "--embedding", "f16"];
    expect(await main([model, ...formats, ...texts, "-o", out, "--report", report, "--json"])).toBe(
      0,
    );
    const found = JSON.parse(printed);
    expect(found.widths.map(({ bits }: { bits: number }) => bits)).toEqual([2, 3, 4]);
    expect(found.nllBefore).toBeGreaterThan(2);
    expect(found.widths[2].nll).toBeCloseTo(found.nllBefore, 1);
    expect(found.widths[0].weightedError).toBeGreaterThan(found.widths[2].weightedError);
    expect(readFileSync(report, "utf8")).toContain("<svg");
    const back = await readModel(await fileSource(out));
    expect(widthsOf(back.weights)).toEqual([2, 3, 4]);
    expect(back.weights.embedding).toMatchObject({ dtype: "f16" });
    expect(back.tokenizer).toEqual(contents.tokenizer);
    expect(complained).toContain(`wrote ${out}`);
  });

  test("to GGUF and back: what fills no block stays at 16 bits", async () => {
    const gguf = join(folder, "small.gguf");
    expect(await main([model, "--int4", "-o", gguf])).toBe(0);
    expect(printed).toContain("| all");
    const { weights } = await readModel(await fileSource(gguf));
    expect(weights.layers[0]!.query).toMatchObject({ format: "int4-group", groupSize: 32 });
    expect(weights.layers[0]!.down).toMatchObject({ dtype: "f16", shape: [32, 40] });
    expect(weights.embedding).toMatchObject({ format: "int8-group" });
    const again = join(folder, "again.ewq");
    expect(await main([gguf, "-o", again, "--quiet"])).toBe(0);
    expect((await readModel(await fileSource(again))).weights).toEqual(weights);
  });

  test("nested codes do not fit into GGUF, and a text needs a tokenizer", async () => {
    const nested = join(folder, "nested.ewq");
    expect(await main([model, "--nested", "3..4", "-o", nested, "--quiet"])).toBe(0);
    const wrong = join(folder, "wrong.gguf");
    expect(await main([nested, "-o", wrong])).toBe(1);
    expect(complained).toContain("which GGUF does not have");
    expect(complained).toContain("--int8");
    expect(existsSync(wrong)).toBe(false);
    const mute = join(folder, "mute.ewq");
    writeFileSync(mute, writeEwq({ weights: contents.weights, metadata: {} }));
    expect(await main([mute, "--int4", "--evaluate", text])).toBe(2);
    expect(complained).toContain("give --tokenizer <file>");
  });

  test("what cannot be written is said before the work, and the model is not lost", async () => {
    const before = readFileSync(model);
    for (const [args, message] of [
      [["-o", join(folder, "no", "such.ewq")], "there is no folder"],
      [["-o", folder, "--to", "ewq"], "is a folder; give the name of a file"],
      [["-o", model], "is the model itself"],
      [["--report", join(folder, "no", "r.html")], "--report: there is no folder"],
    ] as const) {
      complained = "";
      expect(await main([model, "--int4", ...args])).toBe(2);
      expect(complained).toContain(message);
      expect(complained).not.toContain("wrote");
    }
    expect(readFileSync(model)).toEqual(before);
  });

  test("Ctrl-C ends with 130 and leaves the file of an earlier run as it was", async () => {
    const out = join(folder, "interrupted.ewq");
    writeFileSync(out, "earlier");
    const running = main([model, "--nested", "2..6", "-o", out]);
    process.listeners("SIGINT").at(-1)!("SIGINT"); // the signal itself would end the tests
    expect(await running).toBe(130);
    expect(complained).toBe("edgewright-quant: interrupted\n");
    expect(readFileSync(out, "utf8")).toBe("earlier");
  });

  test("a failing write leaves neither half a file nor its temporary one", () => {
    const out = join(folder, "whole.ewq");
    writeFileSync(out, "earlier");
    expect(() => writeWhole(out, null as unknown as string)).toThrow(TypeError);
    expect(readFileSync(out, "utf8")).toBe("earlier");
    writeWhole(out, "later");
    expect(readFileSync(out, "utf8")).toBe("later");
    expect(readdirSync(folder).filter((name) => name.includes("unfinished"))).toEqual([]);
  });
});
