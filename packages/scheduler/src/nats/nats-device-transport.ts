import { EdgewrightError } from "@edgewright/core";
import { type KV, Kvm } from "@nats-io/kv";
import {
  connect,
  createInbox,
  type NatsConnection,
  type NodeConnectionOptions,
  type Subscription,
} from "@nats-io/transport-node";
import type { DeviceListener, DeviceTransport, Route } from "../cascade/transport.js";
import { type NatsCascadeNames, namesOf } from "./nats-names.js";

/** Options of {@link NatsDeviceTransport}. */
export interface NatsDeviceOptions extends NatsCascadeNames {
  /** Name of the device: its key in the store of thresholds. */
  readonly device: string;
  /** Addresses, credentials and TLS of the NATS servers. @default nats://127.0.0.1:4222 */
  readonly connect?: NodeConnectionOptions;
  /** A connection that is there already, as where many devices share one; it is not closed with this. */
  readonly connection?: NatsConnection;
}

/**
 * A device's way to its servers over NATS: requests go to a queue group, of which any server may take them;
 * answers come to an inbox; the device's threshold is followed in the key-value store. The NATS client reconnects
 * by itself.
 *
 * @example
 * const transport = new NatsDeviceTransport({ device: "camera-7", connect: { servers: "nats://10.0.0.1" } });
 */
export class NatsDeviceTransport implements DeviceTransport {
  readonly #options: NatsDeviceOptions;
  #connection: NatsConnection | undefined;
  #inbox = "";
  #answers: Subscription | undefined;
  #up = false;
  #stopFollowing: (() => void) | undefined;

  constructor(options: NatsDeviceOptions) {
    this.#options = options;
  }

  /** @throws EdgewrightError `unavailable` when no NATS server answers or its JetStream is off */
  async start(listener: DeviceListener): Promise<void> {
    const nats = this.#options.connection ?? (await connectTo(this.#options.connect));
    this.#connection = nats;
    this.#inbox = createInbox();
    this.#answers = nats.subscribe(this.#inbox, {
      // Where no server listens, the NATS server says so with an empty message.
      callback: (error, message) => {
        if (error) return;
        if (message.data.length > 0) listener.onFrame(message.data);
        else listener.onUnheard?.();
      },
    });
    await this.#follow(nats, listener);
    this.#up = true;
    void this.#watchConnection(nats, listener);
    listener.onConnected();
  }

  send(frame: Uint8Array, route: Route): boolean {
    if (!this.#up || !this.#connection) return false;
    const names = namesOf(this.#options);
    try {
      this.#connection.publish(names[route], frame, { reply: this.#inbox });
      return true;
    } catch {
      return false; // closing, or larger than the NATS server takes
    }
  }

  async close(): Promise<void> {
    this.#up = false;
    this.#stopFollowing?.();
    this.#answers?.unsubscribe();
    // What was sent last, such as the farewell, still goes out.
    if (!this.#options.connection) await this.#connection?.drain().catch(() => undefined);
    else await this.#connection?.flush().catch(() => undefined);
  }

  async #follow(nats: NatsConnection, listener: DeviceListener): Promise<void> {
    const store = await openBucket(nats, namesOf(this.#options).thresholds, {});
    const entries = await store.watch({ key: this.#options.device });
    this.#stopFollowing = () => entries.stop();
    const follow = async () => {
      for await (const { operation, value } of entries) {
        if (operation === "PUT") listener.onFrame(value);
      }
    };
    follow().catch(() => undefined); // ends with the connection
  }

  async #watchConnection(nats: NatsConnection, listener: DeviceListener): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === "disconnect" && this.#up) {
        this.#up = false;
        listener.onLost("the connection to NATS was lost");
      } else if (type === "reconnect" && !this.#up) {
        this.#up = true;
        listener.onConnected();
      }
    }
  }
}

/** Connects, for ever and soon again after a loss. @throws EdgewrightError `unavailable` */
export async function connectTo(options: NodeConnectionOptions = {}): Promise<NatsConnection> {
  try {
    return await connect({ maxReconnectAttempts: -1, reconnectTimeWait: 250, ...options });
  } catch (cause) {
    const where = String(options.servers ?? "nats://127.0.0.1:4222");
    throw new EdgewrightError(
      "unavailable",
      `NATS: no connection to ${where}: ${(cause as Error).message}. Start one with: nats-server -js`,
      { cause },
    );
  }
}

/** A key-value bucket, made when it is not there. @throws EdgewrightError `unavailable` without JetStream */
export async function openBucket(
  nats: NatsConnection,
  bucket: string,
  limits: { readonly ttl?: number },
): Promise<KV> {
  try {
    return await new Kvm(nats).create(bucket, { history: 1, storage: "memory", ...limits });
  } catch (cause) {
    throw new EdgewrightError(
      "unavailable",
      `NATS: the key-value store cannot be opened: ${(cause as Error).message}. ` +
        "The NATS server must run with JetStream: nats-server -js",
      { cause },
    );
  }
}
