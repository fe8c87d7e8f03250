/**
 * Where a frame of a device goes: `work` to one of the servers, whichever takes it; `control` to all that must
 * know the device.
 */
export type Route = "work" | "control";

/** What a {@link DeviceTransport} tells its user. */
export interface DeviceListener {
  /** A frame came from a server. Called with whatever came, so it must not throw on nonsense. */
  onFrame(frame: Uint8Array): void;
  /** There is a way to a server, for the first time or again. */
  onConnected(): void;
  /** A frame for `work` reached nobody: there is a way, but no server at its end now. */
  onUnheard?(): void;
  /** The way to the server is lost; the transport looks for another. Frames under way may be lost with it. */
  onLost(reason: string): void;
}

/**
 * A device's way to its servers: frames out, frames in, in memory, over WebSocket or NATS. It neither reads frames
 * nor repeats them: that {@link CascadeClient} does.
 */
export interface DeviceTransport {
  /** Looks for a server and goes on looking. Resolves when there is a way. */
  start(listener: DeviceListener): Promise<void>;
  /** Sends a frame. @returns false when there is no way at the moment; the frame is then not kept */
  send(frame: Uint8Array, route: Route): boolean;
  /** Ends the way. */
  close(): Promise<void>;
}

/** One end that a server hears: a connection, or where connections are shared, the sender of one frame. */
export interface Peer {
  /** Unique within its transport: for logs. */
  readonly id: string;
  /** Whether later frames of the same object come from the same sender, as on a connection of its own. */
  readonly lasting: boolean;
  /** Sends a frame to it. Frames to an end that is gone are dropped. */
  send(frame: Uint8Array): void;
  /** Ends its connection, if it has one of its own. */
  disconnect(reason: string): void;
}

/** What a {@link ServerTransport} tells its user. */
export interface ServerListener {
  /** A frame came from a device. Called with whatever came, so it must not throw on nonsense. */
  onFrame(frame: Uint8Array, peer: Peer): void;
  /** A connection ended. */
  onPeerLost(peer: Peer): void;
}

/** Thresholds that all servers see and devices follow, by device name. Values are frames of threshold messages. */
export interface SharedThresholds {
  /** Whether this server is the one that decides, now. */
  readonly leads: boolean;
  /** Stores a threshold; devices that follow are told. */
  put(device: string, frame: Uint8Array): Promise<void>;
  /** The last threshold stored; undefined when there is none. */
  get(device: string): Promise<Uint8Array | undefined>;
}

/** A server's way to its devices. */
export interface ServerTransport {
  /** Present where thresholds lie outside the servers; elsewhere they go to each device's {@link Peer}. */
  readonly thresholds?: SharedThresholds;
  /** Starts to hear devices. */
  start(listener: ServerListener): Promise<void>;
  /** Takes no new devices and no more work, but still carries answers. */
  stopAccepting(): Promise<void>;
  /** Ends all connections. */
  close(): Promise<void>;
}
