import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { splitFiles } from "./dataset-folder.js";
import type { RunCommand } from "./fetch-debian-package.js";
import { loadDataset } from "./load-dataset.js";
import { locateFashionMnist } from "./locate-fashion-mnist.js";
import { locateMnist } from "./locate-mnist.js";

const base = mkdtempSync(join(tmpdir(), "zoo data "));
afterAll(() => rmSync(base, { recursive: true }));
let root = "";
let places: { root: string; cache: string; environment: Record<string, string> };
beforeEach(() => {
  root = mkdtempSync(join(base, "case "));
  places = { root: join(root, "system"), cache: join(root, "cache"), environment: {} };
});

function fill(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const split of ["train", "test"] as const) {
    for (const file of Object.values(splitFiles(split))) writeFileSync(join(folder, file), "");
  }
  return folder;
}

const refuse: RunCommand = async (command) => {
  throw new Error(`there is no ${command} here`);
};

describe("locateFashionMnist", () => {
  it("prefers the folder that the caller names, then the environment's, then the installed one", async () => {
    const installed = fill(join(places.root, "usr/share/datasets/fashion-mnist"));
    const own = fill(join(root, "own"));
    const named = fill(join(root, "named"));
    const environment = { EDGEWRIGHT_FASHION_MNIST: named };
    expect(await locateFashionMnist({ ...places, environment, folder: own })).toBe(own);
    expect(await locateFashionMnist({ ...places, environment })).toBe(named);
    expect(await locateFashionMnist(places)).toBe(installed);
  });

  it("does not look elsewhere when the named folder is wrong", async () => {
    fill(join(places.root, "usr/share/datasets/fashion-mnist"));
    const folder = join(root, "empty");
    await expect(locateFashionMnist({ ...places, folder })).rejects.toThrow(
      `${folder} does not hold its four .gz files`,
    );
  });

  it("fetches the package into the cache once, without root", async () => {
    const calls: string[] = [];
    const run: RunCommand = async (command, args, cwd) => {
      calls.push(command);
      if (command === "apt-get") writeFileSync(join(cwd, "dataset-fashion-mnist_1_all.deb"), "");
      else fill(join(args[2]!, "usr/share/datasets/fashion-mnist"));
    };
    const messages: string[] = [];
    const onProgress = (message: string) => messages.push(message);
    const found = await locateFashionMnist({ ...places, run, onProgress });
    expect(found).toBe(join(places.cache, "usr/share/datasets/fashion-mnist"));
    expect(await locateFashionMnist({ ...places, run: refuse, onProgress })).toBe(found);
    expect(calls).toEqual(["apt-get", "dpkg-deb"]);
    expect(messages).toHaveLength(1);
    expect(readdirSync(places.cache)).toEqual(["usr"]);
  });

  it("says what to do where nothing can be fetched, and leaves nothing behind", async () => {
    await expect(locateFashionMnist({ ...places, run: refuse })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(
        /there is no apt-get here.*sudo apt-get install dataset-fashion-mnist.*EDGEWRIGHT_FASHION_MNIST/s,
      ),
    });
    expect(readdirSync(places.cache)).toEqual([]);
  });
});

describe("locateMnist", () => {
  it("takes the shared folder that the environment names", () => {
    const folder = fill(join(root, "data", "mnist"));
    expect(locateMnist({ environment: { EDGEWRIGHT_SHARED: root } })).toBe(folder);
  });

  it("says where it looked", () => {
    const environment = { EDGEWRIGHT_SHARED: join(root, "nowhere") };
    expect(() => locateMnist({ environment })).toThrow(/looked in .*nowhere.*EDGEWRIGHT_MNIST/);
  });
});

const installed = existsSync("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz");

describe.skipIf(!installed)("Fashion-MNIST, where it is installed", () => {
  it("has 10,000 test pictures whose mean is near the one that models are fed with", async () => {
    const { count, pixels } = await loadDataset("fashion-mnist", "test");
    expect(count).toBe(10_000);
    let sum = 0;
    for (const pixel of pixels) sum += pixel;
    expect(sum / pixels.length / 255).toBeCloseTo(0.2868, 3);
  });
});
