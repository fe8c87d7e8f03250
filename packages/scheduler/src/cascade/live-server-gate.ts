import type { Authenticate, CascadeLimits } from "./live-server-options.js";
import { TokenBucket } from "./live-token-bucket.js";
import type { Peer, ServerTransport } from "./transport.js";

/** {@link CascadeLimits} with nothing left out. */
export type FullLimits = Required<CascadeLimits>;

/** A device that has shown that it may take part. */
export interface KnownDevice {
  readonly device: string;
  readonly token: string | undefined;
  readonly requests: TokenBucket;
  readonly transport: ServerTransport;
  /** Where thresholds go, unless its transport has a store for them. */
  peer: Peer;
  lastSeen: number;
  inFlight: number;
  /** Whether it has joined, or reported. */
  joined: boolean;
}

interface Connection {
  readonly frames: TokenBucket;
  faults: number;
  /** The one device that may speak over it. */
  device: string | undefined;
}

/** The limits that hold where none are given. */
export function fillLimits(limits: CascadeLimits = {}): FullLimits {
  const requestsPerSecond = limits.requestsPerSecond ?? 200;
  return {
    maxPayloadBytes: limits.maxPayloadBytes ?? 2 ** 20,
    maxInFlight: limits.maxInFlight ?? 32,
    requestsPerSecond,
    framesPerSecond: limits.framesPerSecond ?? 10 * requestsPerSecond,
    maxFaults: limits.maxFaults ?? 10,
    maxDevices: limits.maxDevices ?? 10_000,
    deviceTimeoutMs: limits.deviceTimeoutMs ?? 10_000,
    keepAnswersMs: limits.keepAnswersMs ?? 10_000,
  };
}

/** Keeps out who may not take part, and slows down who asks too much. */
export class ServerGate {
  readonly devices: Map<string, KnownDevice> = new Map();
  readonly #connections = new WeakMap<Peer, Connection>();
  readonly #limits: FullLimits;
  readonly #authenticate: Authenticate | "anyone";

  constructor(limits: FullLimits, authenticate: Authenticate | "anyone") {
    this.#limits = limits;
    this.#authenticate = authenticate;
  }

  /** Whether a frame of this connection may be read at all; one that floods is cut off. */
  admitsFrame(peer: Peer, now: number): boolean {
    if (!peer.lasting) return true;
    if (this.#connection(peer, now).frames.take(now)) return true;
    peer.disconnect("too many frames a second");
    return false;
  }

  /** Counts a frame that was refused; a connection with too many of them is cut off. */
  countFault(peer: Peer, now: number): void {
    if (!peer.lasting) return;
    const connection = this.#connection(peer, now);
    if (++connection.faults >= this.#limits.maxFaults) peer.disconnect("too many refused frames");
  }

  /** The device that sent a message, or the reason why it may not. */
  async identify(
    sender: { readonly device: string; readonly token?: string },
    peer: Peer,
    transport: ServerTransport,
    now: number,
  ): Promise<KnownDevice | string> {
    const { device } = sender;
    // Where nobody is asked for a token, one that changes makes no new device.
    const token = this.#authenticate === "anyone" ? undefined : sender.token;
    const connection = peer.lasting ? this.#connection(peer, now) : undefined;
    if (connection?.device !== undefined && connection.device !== device) {
      return `this connection belongs to the device ${connection.device}`;
    }
    const known = this.devices.get(device);
    if (known === undefined || known.token !== token) {
      const allowed =
        this.#authenticate === "anyone" || (await this.#authenticate(device, token)) === true;
      if (!allowed) return token === undefined ? "a token is needed" : "the token is not valid";
    }
    if (connection) connection.device = device;
    return this.#know(device, token, peer, transport, now);
  }

  /** Forgets a device. */
  forget(device: string): void {
    this.devices.delete(device);
  }

  // Asked again after the wait for the hook: another message of the device may have come first.
  #know(
    device: string,
    token: string | undefined,
    peer: Peer,
    transport: ServerTransport,
    now: number,
  ): KnownDevice | string {
    const known = this.devices.get(device);
    if (known !== undefined && known.transport === transport && known.token === token) {
      known.peer = peer;
      known.lastSeen = now;
      return known;
    }
    if (known === undefined && this.devices.size >= this.#limits.maxDevices) {
      return `${this.#limits.maxDevices} devices take part already`;
    }
    const rate = this.#limits.requestsPerSecond;
    const made: KnownDevice = {
      device,
      token,
      requests: new TokenBucket(rate, rate, now),
      transport,
      peer,
      lastSeen: now,
      inFlight: known?.inFlight ?? 0,
      joined: known?.joined ?? false,
    };
    this.devices.set(device, made);
    return made;
  }

  #connection(peer: Peer, now: number): Connection {
    const known = this.#connections.get(peer);
    if (known) return known;
    const rate = this.#limits.framesPerSecond;
    const made = { frames: new TokenBucket(rate, rate, now), faults: 0, device: undefined };
    this.#connections.set(peer, made);
    return made;
  }
}
