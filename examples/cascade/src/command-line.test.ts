import { describe, expect, it } from "vitest";
import { parseCommandLine } from "./command-line.js";

describe("parseCommandLine", () => {
  it("has an answer for everything", () => {
    expect(parseCommandLine([], "/here")).toMatchObject({
      ...{ transport: "memory", clients: 40, servers: 1, killAfter: undefined },
      ...{ views: 8, pace: undefined, rate: 30, threshold: 0.8, deadlineMs: 150 },
    });
    const nats = "--transport nats --clients 40 --kill-after 10 --seconds 30 --report cascade.html";
    expect(parseCommandLine(nats.split(" "), "/here")).toMatchObject({
      ...{
        transport: "nats",
        servers: 2,
        killAfter: 10,
        seconds: 30,
        report: "/here/cascade.html",
      },
    });
  });

  it.each([
    ["--transport tcp", /--transport takes memory, ws, nats; got tcp/],
    ["--clients none", /--clients takes a number from 1/],
    ["--transport ws --kill-after 90", /--kill-after takes a number from 0 to 20, got 90/],
    ["--kill-after 3", /memory has one server in this process; kill one with ws or nats/],
    ["--views 0", /--views takes a number from 1 to 18, got 0/],
    ["--views 1.5", /--views takes a whole number/],
    ["--pace 1,2,3", /--pace takes two numbers/],
    ["--pace 3", /--pace takes two numbers/],
    ["--speed 3", /Unknown option '--speed'/],
  ])("refuses %s", (line, message) => {
    expect(() => parseCommandLine(line.split(" "), "/here")).toThrow(message);
  });
});
