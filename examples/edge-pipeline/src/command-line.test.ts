import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCommandLine } from "./command-line.js";

describe("parseCommandLine", () => {
  it("reads the page of the example on all cores unless told otherwise", () => {
    expect(parseCommandLine([], "/home")).toMatchObject({
      image: undefined,
      threads: "auto",
      maxSide: 1600,
      compare: true,
      json: false,
      help: false,
    });
  });

  it("takes paths relative to the folder the user is in", () => {
    const options = parseCommandLine(["my photo.jpg", "--out", "out/r.html"], "/home/me");
    expect(options.image).toBe(resolve("/home/me/my photo.jpg"));
    expect(options.report).toBe(resolve("/home/me/out/r.html"));
  });

  it("classifies with the committed models, with others, or not at all", () => {
    expect(parseCommandLine([], "/").zoo).toMatch(/examples.zoo.checkpoints$/);
    expect(parseCommandLine(["--zoo", "mine"], "/home").zoo).toBe(resolve("/home/mine"));
    expect(parseCommandLine(["--no-zoo"], "/").zoo).toBeUndefined();
    expect(parseCommandLine([], "/").schedule).toBe(true);
    expect(parseCommandLine(["--no-zoo"], "/").schedule).toBe(false);
    expect(parseCommandLine(["--no-schedule"], "/").schedule).toBe(false);
    expect(parseCommandLine([], "/").choose).toBe(true);
    expect(parseCommandLine(["--no-choose"], "/").choose).toBe(false);
    expect(parseCommandLine(["--no-zoo"], "/").choose).toBe(false);
  });

  it("tells a story, one that begins as told, or none", () => {
    expect(parseCommandLine([], "/").story).toBe("Once upon a time");
    expect(parseCommandLine(["--story", "The cat"], "/").story).toBe("The cat");
    expect(parseCommandLine(["--no-story"], "/").story).toBeUndefined();
  });

  it.each([
    [["--story", "a", "--no-story"], "--story and --no-story exclude each other. See --help"],
    [["--zoo", "a", "--no-zoo"], "--zoo and --no-zoo exclude each other. See --help"],
    [["a.png", "b.png"], "one picture at a time, got 2: a.png, b.png. See --help"],
    [["--threads", "two"], '--threads must be a whole number from 1 to 16, got "two". See --help'],
    [["--threads", "0"], '--threads must be a whole number from 1 to 16, got "0". See --help'],
    [["--max-side", "9"], '--max-side must be a whole number from 64 to 8192, got "9". See --help'],
  ])("refuses %j", (args, message) => {
    expect(() => parseCommandLine(args, "/")).toThrow(message);
  });

  it("refuses options that it does not know", () => {
    expect(() => parseCommandLine(["--fast"], "/")).toThrow(/--fast.* See --help/s);
  });
});
