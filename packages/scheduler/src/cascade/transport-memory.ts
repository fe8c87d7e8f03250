import { EdgewrightError } from "@edgewright/core";
import type {
  DeviceListener,
  DeviceTransport,
  Peer,
  Route,
  ServerListener,
  ServerTransport,
} from "./transport.js";

/** What is needed of a `MessagePort`, of browsers or of Node's worker threads. */
export interface FramePort {
  /** Sends a value to the other end. */
  postMessage(value: unknown): void;
  /** Hears the other end. */
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  /** Lets messages come. */
  start?(): void;
  /** Ends both ends. */
  close?(): void;
}

/** What is posted: a frame, or word that the sender's end closes. */
type Posted = Uint8Array | "close";

/**
 * A cascade's server and devices in one process: {@link MemoryServerTransport.connect} makes the way of a device.
 * Devices in workers get there over a `MessagePort`: {@link MemoryServerTransport.accept} here,
 * {@link PortDeviceTransport} there.
 *
 * @example
 * const transport = new MemoryServerTransport();
 * const device = transport.connect();
 */
export class MemoryServerTransport implements ServerTransport {
  readonly #peers = new Map<Peer, FramePort>();
  #listener: ServerListener | undefined;
  #waiting: [Uint8Array, Peer][] = [];
  #accepts = true;
  #made = 0;

  async start(listener: ServerListener): Promise<void> {
    this.#listener = listener;
    for (const [frame, peer] of this.#waiting.splice(0)) listener.onFrame(frame, peer);
  }

  /** A new device's way to this server. */
  connect(): DeviceTransport {
    const { port1, port2 } = new MessageChannel();
    this.accept(port1 as unknown as FramePort);
    return new PortDeviceTransport(port2 as unknown as FramePort);
  }

  /** Serves the device at the other end of a port. @throws EdgewrightError `unavailable` after the stop */
  accept(port: FramePort): void {
    if (!this.#accepts) {
      throw new EdgewrightError("unavailable", "MemoryServerTransport: the server has stopped");
    }
    const peer: Peer = {
      id: `port-${++this.#made}`,
      lasting: true,
      send: (frame) => {
        if (this.#peers.has(peer)) port.postMessage(frame);
      },
      disconnect: () => {
        if (!this.#peers.has(peer)) return;
        port.postMessage("close" satisfies Posted);
        this.#forget(peer);
      },
    };
    this.#peers.set(peer, port);
    port.addEventListener("message", ({ data }) => {
      if (!this.#peers.has(peer)) return;
      if (data === "close") return this.#forget(peer);
      // Whatever else is posted is judged where frames are read.
      const frame = data instanceof Uint8Array ? data : new Uint8Array(0);
      if (this.#listener) this.#listener.onFrame(frame, peer);
      else this.#waiting.push([frame, peer]);
    });
    port.start?.();
  }

  async stopAccepting(): Promise<void> {
    this.#accepts = false;
  }

  async close(): Promise<void> {
    this.#accepts = false;
    for (const peer of [...this.#peers.keys()]) peer.disconnect("the server closes");
  }

  #forget(peer: Peer): void {
    const port = this.#peers.get(peer);
    this.#peers.delete(peer);
    // Closing at once would drop what was just posted.
    setTimeout(() => port?.close?.(), 0);
    this.#listener?.onPeerLost(peer);
  }
}

/** A device's way to a server at the other end of a `MessagePort`, which a {@link MemoryServerTransport} accepted. */
export class PortDeviceTransport implements DeviceTransport {
  readonly #port: FramePort;
  #open = false;

  constructor(port: FramePort) {
    this.#port = port;
  }

  async start(listener: DeviceListener): Promise<void> {
    this.#open = true;
    this.#port.addEventListener("message", ({ data }) => {
      if (!this.#open) return;
      if (data === "close") {
        this.#open = false;
        this.#port.close?.();
        listener.onLost("the server closed the port");
      } else if (data instanceof Uint8Array) listener.onFrame(data);
    });
    this.#port.start?.();
    listener.onConnected();
  }

  send(frame: Uint8Array, _route: Route): boolean {
    if (this.#open) this.#port.postMessage(frame);
    return this.#open;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#port.postMessage("close" satisfies Posted);
    setTimeout(() => this.#port.close?.(), 0);
  }
}
