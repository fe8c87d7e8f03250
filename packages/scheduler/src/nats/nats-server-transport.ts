import { EdgewrightError } from "@edgewright/core";
import type { KV } from "@nats-io/kv";
import type {
  Msg,
  NatsConnection,
  NodeConnectionOptions,
  Subscription,
} from "@nats-io/transport-node";
import type { ServerListener, ServerTransport, SharedThresholds } from "../cascade/transport.js";
import { connectTo, openBucket } from "./nats-device-transport.js";
import { NatsLead } from "./nats-lead.js";
import { type NatsCascadeNames, namesOf } from "./nats-names.js";

/** Options of {@link NatsServerTransport}. */
export interface NatsServerOptions extends NatsCascadeNames {
  /** Name of the server, as in `CascadeServerOptions.name`. @default "server" */
  readonly name?: string;
  /** Addresses, credentials and TLS of the NATS servers. @default nats://127.0.0.1:4222 */
  readonly connect?: NodeConnectionOptions;
  /** A connection that is there already; it is not closed with this. */
  readonly connection?: NatsConnection;
  /** After so long without its leader the others choose a new one, in ms. @default 2000 */
  readonly leadMs?: number;
}

/**
 * A cascade server's place in a NATS queue group: several servers share the requests, thresholds lie in the
 * key-value store, and one server at a time, the leader, decides them. Start the NATS server with JetStream:
 * `nats-server -js`.
 *
 * @example
 * const transport = new NatsServerTransport({ name: "a", connect: { servers: "nats://10.0.0.1" } });
 * const server = new CascadeServer({ name: "a", transports: [transport], authenticate, runBatch, controller });
 */
export class NatsServerTransport implements ServerTransport {
  readonly thresholds: SharedThresholds;
  readonly #options: NatsServerOptions;
  #connection: NatsConnection | undefined;
  #work: Subscription | undefined;
  #control: Subscription | undefined;
  #store: KV | undefined;
  #lead: NatsLead | undefined;

  constructor(options: NatsServerOptions = {}) {
    this.#options = options;
    const leads = () => this.#lead?.held ?? false;
    this.thresholds = {
      get leads() {
        return leads();
      },
      put: async (device, frame) => {
        await this.#open().put(device, frame);
      },
      get: async (device) => {
        const entry = await this.#open().get(device);
        return entry?.operation === "PUT" ? entry.value : undefined;
      },
    };
  }

  /** @throws EdgewrightError `unavailable` when no NATS server answers or its JetStream is off */
  async start(listener: ServerListener): Promise<void> {
    const { name = "server", leadMs = 2000 } = this.#options;
    const names = namesOf(this.#options);
    const nats = this.#options.connection ?? (await connectTo({ name, ...this.#options.connect }));
    this.#connection = nats;
    this.#store = await openBucket(nats, names.thresholds, {});
    this.#lead = new NatsLead(await openBucket(nats, names.lead, { ttl: leadMs }), name, leadMs);
    await this.#lead.start();
    const callback = (error: Error | null, message: Msg) => {
      if (!error) hear(message, listener);
    };
    this.#control = nats.subscribe(names.control, { callback });
    this.#work = nats.subscribe(names.work, { queue: names.group, callback });
    await nats.flush();
  }

  async stopAccepting(): Promise<void> {
    // The other servers of the group get the requests from now on; those on the way are still heard.
    await this.#work?.drain();
    await this.#lead?.end();
  }

  async close(): Promise<void> {
    await this.#lead?.end();
    this.#control?.unsubscribe();
    if (this.#options.connection) await this.#connection?.flush().catch(() => undefined);
    else await this.#connection?.drain().catch(() => undefined);
  }

  #open(): KV {
    if (this.#store) return this.#store;
    throw new EdgewrightError("unavailable", "NatsServerTransport: it has not been started");
  }
}

function hear(message: Msg, listener: ServerListener): void {
  listener.onFrame(message.data, {
    id: message.reply ?? message.subject,
    lasting: false,
    // Only inboxes: a reply subject of an attacker's choice must not turn answers into commands to others.
    send: (frame) => {
      if (message.reply?.startsWith("_INBOX.")) message.respond(frame);
    },
    disconnect: () => undefined,
  });
}
