import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ByteSource,
  type FileProgress,
  type ModelContents,
  urlSource,
  writeEwq,
} from "@edgewright/core/model-files";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { randomContents } from "../../../core/src/model-files/model-contents.test-support.js";
import { loadModelContents, openModelSource } from "./load-model.js";

// A server that can do what servers do to downloads; every request is written down.
const contents = randomContents();
const file = Buffer.from(writeEwq(contents));
const sha256 = createHash("sha256").update(file).digest("hex");
const commit = "a".repeat(40);
let server: Server;
let base = "";
let folder = "";
let requests: string[] = [];
let etag = '"one"';
let cuts = 0; // how many bodies break off half-way
let goesOn = true; // whether ranges are served
let cutWhen: Promise<unknown> = Promise.resolve(); // what a body that breaks off waits for

beforeAll(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  [requests, etag, cuts, goesOn, cutWhen] = [[], '"one"', 0, true, Promise.resolve()];
  folder = mkdtempSync(join(tmpdir(), "edgewright-cache-"));
  return () => rmSync(folder, { recursive: true });
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = "", method, headers } = request;
  requests.push(`${method} ${url} ${headers.range ?? ""}`.trim());
  if (url.startsWith("/api/models/owner/private")) {
    response.writeHead(headers.authorization === "Bearer secret" ? 404 : 401).end();
    return;
  }
  if (url.startsWith("/api/models/owner/tiny")) {
    const lfs = { sha256, size: file.length };
    const siblings = [
      { rfilename: "README.md", size: 10 },
      { rfilename: "m.ewq", size: file.length, lfs },
    ];
    response.end(JSON.stringify({ sha: commit, siblings }));
    return;
  }
  if (!url.endsWith("m.ewq")) {
    response.writeHead(404).end("no such thing");
    return;
  }
  const range = goesOn ? /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") : null;
  const begin = Number(range?.[1] ?? 0);
  const end = Math.min(file.length, Number(range?.[2] || file.length - 1) + 1);
  response.writeHead(range ? 206 : 200, {
    etag,
    "content-length": end - begin,
    ...(range ? { "content-range": `bytes ${begin}-${end - 1}/${file.length}` } : {}),
  });
  if (method === "HEAD") response.end();
  else if (cuts > 0) {
    cuts--;
    response.write(file.subarray(begin, begin + ((end - begin) >> 1)), () => {
      void cutWhen.then(() => response.destroy());
    });
  } else response.end(file.subarray(begin, end));
}

// A body breaks off when some of it has come through: sooner, a client would begin again.
function cutAfterProgress(): (progress: FileProgress) => void {
  let onProgress: (progress: FileProgress) => void = () => undefined;
  cutWhen = new Promise((resolve) => {
    onProgress = resolve;
  });
  return onProgress;
}

// Bytes, not numbers one by one: those take a while to compare.
function expectWhole(got: ModelContents): void {
  expect(Buffer.compare(writeEwq(got), file)).toBe(0);
}

const all = async (source: ByteSource) => Buffer.from(await source.read(0, source.size));

describe("loading over the web", () => {
  test("once from the server, then from the folder", async () => {
    const seen: FileProgress[] = [];
    const options = { cache: folder, onProgress: (one: FileProgress) => void seen.push(one) };
    expectWhole(await loadModelContents(`${base}/m.ewq`, options));
    expect(requests).toEqual(["GET /m.ewq"]);
    const loaded = seen.filter((one) => one.stage === "download");
    expect(loaded.at(-1)).toEqual({ stage: "download", loaded: file.length, total: file.length });
    expect(seen.at(-1)?.stage).toBe("read");
    await loadModelContents(`${base}/m.ewq`, options);
    expect(requests).toEqual(["GET /m.ewq", "HEAD /m.ewq"]);
    etag = '"two"';
    await loadModelContents(`${base}/m.ewq`, options);
    expect(requests.slice(2)).toEqual(["HEAD /m.ewq", "GET /m.ewq"]);
    expect(readdirSync(folder).some((name) => name.endsWith(".part"))).toBe(false);
  });

  test("a connection that is cut is taken up again", async () => {
    cuts = 2;
    const options = { cache: folder, integrity: sha256, onProgress: cutAfterProgress() };
    expectWhole(await loadModelContents(`${base}/m.ewq`, options));
    expect(requests.length).toBe(3);
    expect(requests[1]).toMatch(/^GET \/m\.ewq bytes=\d+-$/);
  });

  test("a server that cannot go on, or cuts for ever, is an error, and nothing is kept", async () => {
    cuts = 1;
    goesOn = false;
    const options = { cache: folder, onProgress: cutAfterProgress() };
    await expect(loadModelContents(`${base}/m.ewq`, options)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("the server does not go on from there"),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("what has another hash is refused, from wherever it comes", async () => {
    const integrity = "0".repeat(64);
    const message = `its SHA-256 is ${sha256}, it should be ${integrity}`;
    for (const source of [`${base}/m.ewq`, new Uint8Array(file), new Blob([file])]) {
      await expect(loadModelContents(source, { cache: folder, integrity })).rejects.toThrow(
        message,
      );
    }
    expect(readdirSync(folder)).toEqual([]);
    const base64 = `sha256-${Buffer.from(sha256, "hex").toString("base64")}`;
    await openModelSource(new Uint8Array(file), { integrity: base64 });
    await expect(openModelSource(new Uint8Array(file), { integrity: "md5-1" })).rejects.toThrow(
      "integrity must be sha256- and base64",
    );
  });

  test("without a cache, ranges are read as they are needed", async () => {
    expectWhole(await loadModelContents(`${base}/m.ewq`, { cache: false }));
    expect(requests.length).toBeGreaterThan(1);
    expect(requests.every((one) => /bytes=\d+-\d+$/.test(one))).toBe(true);
    cuts = 3;
    expect(await all(await urlSource(`${base}/m.ewq`))).toEqual(file);
    etag = '"one"';
    const source = await urlSource(`${base}/m.ewq`);
    etag = '"two"';
    await expect(source.read(100_000, file.length)).rejects.toThrow(
      "has changed while it was read",
    );
    goesOn = false;
    expect(await all(await urlSource(`${base}/m.ewq`))).toEqual(file);
  });

  test("404, no server, an abort", async () => {
    const none = { cache: false } as const;
    await expect(loadModelContents(`${base}/no.gguf`, none)).rejects.toThrow(
      "the server answered 404",
    );
    await expect(loadModelContents(`${base}/no.gguf`, { cache: folder })).rejects.toThrow(
      "404: there is no such file",
    );
    await expect(loadModelContents("http://127.0.0.1:9/m.ewq", none)).rejects.toMatchObject({
      code: "unavailable",
    });
    const controller = new AbortController();
    const onProgress = () => controller.abort("enough");
    await expect(
      loadModelContents(`${base}/m.ewq`, { cache: folder, signal: controller.signal, onProgress }),
    ).rejects.toMatchObject({ code: "aborted", cause: "enough" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("the hub", () => {
  test("a repository's file is chosen, checked and kept by its commit", async () => {
    const options = { cache: folder, endpoint: base };
    expectWhole(await loadModelContents("hf:owner/tiny", options));
    expect(requests).toEqual([
      "GET /api/models/owner/tiny/revision/main?blobs=true",
      `GET /owner/tiny/resolve/${commit}/m.ewq`,
    ]);
    await loadModelContents({ repo: "owner/tiny", file: "m.ewq" }, options);
    expect(requests.length).toBe(3);
    const offline = { ...options, fetch: () => Promise.reject(new TypeError("no network")) };
    expectWhole(await loadModelContents("hf:owner/tiny@main/m.ewq", offline));
  });

  test("what is not there is named", async () => {
    const options = { cache: folder, endpoint: base };
    await expect(loadModelContents("hf:owner/tiny/other.gguf", options)).rejects.toThrow(
      "hf:owner/tiny has no file other.gguf; it has README.md, m.ewq",
    );
    await expect(loadModelContents("hf:owner/private", options)).rejects.toThrow(
      "401: it wants a token",
    );
    const known = { ...options, token: "secret" };
    await expect(loadModelContents("hf:owner/private", known)).rejects.toThrow("404");
    await expect(loadModelContents("hf:owner", options)).rejects.toThrow("expected hf:owner/name");
  });
});

test("what is no source is refused by name", async () => {
  for (const [source, message] of [
    ["", "got an empty text"],
    [null, "got null"],
    [undefined, "got undefined"],
    [5, "got number"],
  ] as const) {
    const loading = loadModelContents(source as unknown as string);
    await expect(loading).rejects.toThrow(/expected bytes, a File or Blob, a path/);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toMatchObject({ code: "invalid-argument" });
  }
});

test("paths and folders on disk", async () => {
  const path = join(folder, "m.ewq");
  writeFileSync(path, file);
  expectWhole(await loadModelContents(path));
  expectWhole(await loadModelContents(new URL(`file://${path}`)));
  await expect(loadModelContents(folder)).rejects.toThrow(`${folder}: there is no config.json`);
  await expect(loadModelContents(join(folder, "none.gguf"))).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("there is no such file"),
  });
});
