import { EdgewrightError } from "@edgewright/core";
import type { WebSocket, WebSocketServer } from "ws";
import type { Peer, ServerListener, ServerTransport } from "../cascade/transport.js";

/** Options of {@link WebSocketServerTransport}. */
export interface WebSocketServerOptions {
  /** Port to listen on; 0 takes a free one. @default 0 */
  readonly port?: number;
  /** Address to listen on. @default "127.0.0.1" */
  readonly host?: string;
  /** Path of the endpoint; others get 400. @default any */
  readonly path?: string;
  /** An HTTP or HTTPS server of Node to listen on instead of a port of its own; it is not closed with this. */
  readonly server?: object;
  /** Most bytes of a frame; longer ones end their connection before they are read. @default 1 MiB + 8 KiB */
  readonly maxFrameBytes?: number;
  /** Most connections at once. @default 10_000 */
  readonly maxConnections?: number;
  /** Connections that leave so much unread are ended. @default 4 MiB */
  readonly maxBufferedBytes?: number;
  /** Connections are pinged this often, in ms, and ended when they do not answer until the next. @default 5000 */
  readonly pingMs?: number;
  /** A connection that says nothing for so long after it was made is ended, in ms. @default 5000 */
  readonly firstFrameMs?: number;
  /** Which web pages may connect, by the `Origin` header. @default all: devices are told apart by their tokens */
  readonly verifyOrigin?: (origin: string | undefined) => boolean;
}

interface Connection {
  readonly socket: WebSocket;
  alive: boolean;
  spoke: boolean;
  readonly since: number;
}

/**
 * A cascade server's WebSocket endpoint in Node, on the `ws` package.
 *
 * @example
 * const transport = new WebSocketServerTransport({ port: 8080, host: "0.0.0.0" });
 * const server = new CascadeServer({ transports: [transport], authenticate, runBatch });
 * await server.start();
 * console.log(transport.url); // ws://0.0.0.0:8080
 */
export class WebSocketServerTransport implements ServerTransport {
  readonly #options: WebSocketServerOptions;
  readonly #connections = new Map<Peer, Connection>();
  #server: WebSocketServer | undefined;
  #listener: ServerListener | undefined;
  #pings: ReturnType<typeof setInterval> | undefined;
  #accepts = false;
  #made = 0;

  constructor(options: WebSocketServerOptions = {}) {
    this.#options = options;
  }

  /** Where it listens; undefined before its start and on a server of yours. */
  get url(): string | undefined {
    const address = this.#options.server ? null : this.#server?.address();
    if (!address || typeof address === "string") return undefined;
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `ws://${host}:${address.port}${this.#options.path ?? ""}`;
  }

  /** @throws EdgewrightError `unavailable` where the `ws` package is not installed or the port is taken */
  async start(listener: ServerListener): Promise<void> {
    const { port = 0, host = "127.0.0.1", path, server, pingMs = 5000 } = this.#options;
    const { WebSocketServer } = await loadWs();
    this.#listener = listener;
    const made = new WebSocketServer({
      ...(server ? { server: server as never } : { port, host }),
      ...(path !== undefined && { path }),
      maxPayload: this.#options.maxFrameBytes ?? 2 ** 20 + 8192,
      // Frames are floats, which do not pay for the processor time and the memory of deflating them.
      perMessageDeflate: false,
      clientTracking: false,
      verifyClient: ({ origin }: { origin: string | undefined }) => this.#admits(origin),
    });
    this.#server = made;
    this.#accepts = true;
    if (!server) {
      await new Promise<void>((resolve, reject) => {
        made.once("listening", resolve);
        made.once("error", (cause) => {
          reject(
            new EdgewrightError("unavailable", `WebSocketServerTransport: ${cause.message}`, {
              cause,
            }),
          );
        });
      });
    }
    made.on("error", () => undefined);
    made.on("connection", (socket) => this.#take(socket));
    this.#pings = setInterval(() => this.#ping(), pingMs);
  }

  async stopAccepting(): Promise<void> {
    this.#accepts = false;
  }

  async close(): Promise<void> {
    this.#accepts = false;
    clearInterval(this.#pings);
    for (const [peer, { socket }] of [...this.#connections])
      this.#end(peer, socket, 1001, "the server closes");
    const server = this.#server;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  #admits(origin: string | undefined): boolean {
    const { maxConnections = 10_000, verifyOrigin } = this.#options;
    return (
      this.#accepts && this.#connections.size < maxConnections && verifyOrigin?.(origin) !== false
    );
  }

  #take(socket: WebSocket): void {
    const connection: Connection = { socket, alive: true, spoke: false, since: performance.now() };
    const peer: Peer = {
      id: `websocket-${++this.#made}`,
      lasting: true,
      send: (frame) => {
        if (socket.readyState !== socket.OPEN) return;
        // Who does not read what it asked for shall not fill this server's memory.
        if (socket.bufferedAmount > (this.#options.maxBufferedBytes ?? 4 * 2 ** 20)) {
          socket.terminate();
        } else socket.send(frame);
      },
      disconnect: (reason) => this.#end(peer, socket, 1008, reason),
    };
    this.#connections.set(peer, connection);
    socket.binaryType = "nodebuffer";
    socket.on("message", (data: Uint8Array, isBinary) => {
      if (!this.#connections.has(peer)) return;
      connection.spoke = true;
      this.#listener?.onFrame(isBinary ? data : new Uint8Array(0), peer);
    });
    socket.on("pong", () => {
      connection.alive = true;
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", () => this.#forget(peer));
  }

  #end(peer: Peer, socket: WebSocket, code: number, reason: string): void {
    socket.close(code, reason.slice(0, 120));
    this.#forget(peer);
    // One that does not take its leave is cut off.
    setTimeout(() => socket.terminate(), 1000).unref();
  }

  #forget(peer: Peer): void {
    if (this.#connections.delete(peer)) this.#listener?.onPeerLost(peer);
  }

  #ping(): void {
    const { firstFrameMs = 5000 } = this.#options;
    const now = performance.now();
    for (const connection of this.#connections.values()) {
      const mute = !connection.spoke && now - connection.since > firstFrameMs;
      if (mute || !connection.alive) {
        connection.socket.terminate();
        continue;
      }
      connection.alive = false;
      connection.socket.ping();
    }
  }
}

async function loadWs(): Promise<typeof import("ws")> {
  try {
    return await import("ws");
  } catch (cause) {
    throw new EdgewrightError(
      "unavailable",
      "WebSocketServerTransport: the ws package is needed; npm install ws",
      { cause },
    );
  }
}
