import { EdgewrightError } from "@edgewright/core";
import type { DeviceListener, DeviceTransport, Route } from "../cascade/transport.js";

/** What is needed of a `WebSocket`, of browsers or of the `ws` package. */
export interface WebSocketLike {
  /** `"arraybuffer"`. */
  binaryType: string;
  /** 1 while it is open. */
  readonly readyState: number;
  /** Bytes that are not sent yet. */
  readonly bufferedAmount: number;
  /** Sends bytes. */
  send(data: Uint8Array): void;
  /** Ends it. */
  close(code?: number, reason?: string): void;
  /** Hears it. */
  addEventListener(
    type: "open" | "close" | "error" | "message",
    listener: (event: { data?: unknown; reason?: string }) => void,
  ): void;
}

/** Options of {@link WebSocketDeviceTransport}. */
export interface WebSocketDeviceOptions {
  /** Servers, `ws://` or `wss://`. */
  readonly urls: readonly string[];
  /** Which of them to ask first, so that devices spread; the next follows when it is lost. @default 0 */
  readonly first?: number;
  /** Time to find a first server, in ms. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** Wait after all servers were asked in vain; doubles up to 5 s. @default 100 */
  readonly backoffMs?: number;
  /** A server that leaves a request without any answer for so long is given up, in ms. @default 5000 */
  readonly silenceMs?: number;
  /** Most bytes that may wait to be sent; then requests are turned away at once. @default 4 MiB */
  readonly maxBufferedBytes?: number;
  /** @default the global `WebSocket`, and in Node without one the `ws` package */
  readonly WebSocket?: new (
    url: string,
  ) => WebSocketLike;
}

const OPEN = 1;
const LONGEST_BACKOFF_MS = 5000;

/**
 * A device's way to its servers over WebSocket, in browsers and in Node. When its server is lost it goes on to the
 * next.
 *
 * @example
 * const transport = new WebSocketDeviceTransport({ urls: ["wss://a.example/cascade", "wss://b.example/cascade"] });
 * const client = new CascadeClient({ device: "tab-1", transport, token });
 */
export class WebSocketDeviceTransport implements DeviceTransport {
  readonly #options: WebSocketDeviceOptions;
  #WebSocket: (new (url: string) => WebSocketLike) | undefined;
  #socket: WebSocketLike | undefined;
  #listener: DeviceListener | undefined;
  #next: number;
  #failures = 0;
  #unansweredSince: number | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @throws EdgewrightError `invalid-argument` without servers */
  constructor(options: WebSocketDeviceOptions) {
    if (options.urls.length === 0) {
      throw new EdgewrightError(
        "invalid-argument",
        "WebSocketDeviceTransport: one url at least was expected",
      );
    }
    this.#options = options;
    this.#next = options.first ?? 0;
  }

  /** @throws EdgewrightError `unavailable` when no server is found in time */
  async start(listener: DeviceListener): Promise<void> {
    this.#listener = listener;
    this.#WebSocket = this.#options.WebSocket ?? (await findWebSocket());
    const { connectTimeoutMs = 10_000, urls } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        void this.close();
        reject(
          new EdgewrightError(
            "unavailable",
            `WebSocketDeviceTransport: no server answered within ${connectTimeoutMs} ms of ${urls.join(", ")}`,
          ),
        );
      }, connectTimeoutMs);
      this.#open(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  send(frame: Uint8Array, route: Route): boolean {
    const { silenceMs = 5000, maxBufferedBytes = 4 * 2 ** 20 } = this.#options;
    const socket = this.#socket;
    if (socket?.readyState !== OPEN || socket.bufferedAmount > maxBufferedBytes) return false;
    if (route === "work") {
      const now = performance.now();
      this.#unansweredSince ??= now;
      if (now - this.#unansweredSince > silenceMs) {
        this.#lose(socket, `the server was silent for ${silenceMs} ms`);
        return false;
      }
    }
    socket.send(frame);
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.close(1000, "the device closes");
    this.#socket = undefined;
  }

  #open(onFirst?: () => void): void {
    if (this.#closed || !this.#WebSocket) return;
    const { urls } = this.#options;
    const socket = new this.#WebSocket(urls[this.#next++ % urls.length]!);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#unansweredSince = undefined;
    let opened = false;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      opened = true;
      this.#failures = 0;
      onFirst?.();
      onFirst = undefined;
      this.#listener?.onConnected();
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.#socket) return;
      this.#unansweredSince = undefined;
      if (data instanceof ArrayBuffer) this.#listener?.onFrame(new Uint8Array(data));
    });
    // An error is always followed by a close.
    socket.addEventListener("error", () => undefined);
    socket.addEventListener("close", ({ reason }) => {
      if (socket === this.#socket)
        this.#lose(socket, reason || "the connection ended", opened, onFirst);
    });
  }

  #lose(socket: WebSocketLike, reason: string, opened = true, onFirst?: () => void): void {
    this.#socket = undefined;
    socket.close();
    if (this.#closed) return;
    if (opened) this.#listener?.onLost(reason);
    else this.#failures++;
    const { urls, backoffMs = 100 } = this.#options;
    // The other servers are asked at once; only after a whole round does it wait.
    const rounds = Math.floor(this.#failures / urls.length);
    const wait = rounds === 0 ? 0 : Math.min(LONGEST_BACKOFF_MS, backoffMs * 2 ** (rounds - 1));
    this.#retry = setTimeout(() => this.#open(onFirst), wait);
  }
}

async function findWebSocket(): Promise<new (url: string) => WebSocketLike> {
  const known = (globalThis as { WebSocket?: unknown }).WebSocket;
  if (known) return known as new (url: string) => WebSocketLike;
  // Only Node before 22 comes here: browsers never load it.
  const { WebSocket } = await import("ws");
  return WebSocket as unknown as new (
    url: string,
  ) => WebSocketLike;
}
