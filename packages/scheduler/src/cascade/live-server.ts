import { AbortError, EdgewrightError } from "@edgewright/core";
import type { BatchItem } from "./batch-queue.js";
import { type BatchedInput, type BatchOutcome, LiveBatcher } from "./live-batcher.js";
import { RequestLedger } from "./live-request-ledger.js";
import { type FullLimits, fillLimits, type KnownDevice, ServerGate } from "./live-server-gate.js";
import type {
  CascadeServerOptions,
  CascadeServerStats,
  StopOptions,
} from "./live-server-options.js";
import {
  type AnswerStatus,
  CASCADE_PROTOCOL_VERSION,
  type DeviceMessage,
  type JoinMessage,
  type RefusalCode,
  type ReportMessage,
  type RequestMessage,
} from "./messages.js";
import {
  decodeDeviceFrame,
  decodeServerFrame,
  encodeFrame,
  floatsOfPayload,
  payloadOfFloats,
} from "./messages-frame.js";
import type { Peer, ServerTransport } from "./transport.js";

const v = CASCADE_PROTOCOL_VERSION;
// A frame is its payload and some JSON.
const HEADER_ROOM = 8192;
const MAX_LEDGER_ENTRIES = 65_536;
const MAX_LEDGER_BYTES = 64 * 2 ** 20;

/**
 * A server of a cascade: takes the requests of many devices, runs the heavy model on them in batches, and sets the
 * devices' thresholds. Each frame is checked, each device is held to its limits, and a request that comes twice is
 * computed once.
 *
 * @example
 * const transport = new MemoryServerTransport();
 * const server = new CascadeServer({
 *   transports: [transport],
 *   authenticate: (device, token) => token === "secret",
 *   runBatch: (inputs) => inputs.map((input) => input.map((x) => 2 * x)),
 * });
 * await server.start();
 * // devices come and go ...
 * await server.stop();
 */
export class CascadeServer {
  readonly name: string;
  readonly #options: CascadeServerOptions;
  readonly #limits: FullLimits;
  readonly #now: () => number;
  readonly #gate: ServerGate;
  readonly #ledger: RequestLedger;
  readonly #batcher: LiveBatcher;
  readonly #abort = new AbortController();
  readonly #counts = {
    ...{ requests: 0, repeated: 0, done: 0, busy: 0, late: 0, failed: 0 },
    ...{ refused: 0, batches: 0, batched: 0 },
  };
  #state: "new" | "running" | "stopping" | "stopped" = "new";
  #windows: ReturnType<typeof setInterval> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: CascadeServerOptions) {
    const { name = "server", limits, authenticate, now = () => performance.now() } = options;
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
      throw new EdgewrightError(
        "invalid-argument",
        `CascadeServer: a name of 1 to 64 letters, digits, _ and - was expected, got ${JSON.stringify(name)}`,
      );
    }
    this.name = name;
    this.#options = options;
    this.#now = now;
    this.#limits = fillLimits(limits);
    this.#gate = new ServerGate(this.#limits, authenticate);
    this.#ledger = new RequestLedger(
      this.#limits.keepAnswersMs,
      MAX_LEDGER_ENTRIES,
      MAX_LEDGER_BYTES,
    );
    this.#batcher = new LiveBatcher({
      runBatch: options.runBatch,
      batch: options.batch ?? {},
      latencyOf: options.latencyOf ?? ((size) => 5 + size),
      now,
      signal: this.#abort.signal,
      onOutcome: (item, outcome) => this.#conclude(item, outcome),
      onBatch: (batch) => {
        this.#counts.batches++;
        this.#counts.batched += batch.size;
        const { size, queued, ms } = batch;
        options.controller?.observeBatch({ size, queued, latencyMs: ms }, now());
        options.onBatch?.(batch);
      },
    });
  }

  /**
   * Opens all transports.
   *
   * @throws EdgewrightError `aborted` when the signal has fired, `disposed` when it was started before, and what
   * transports throw
   */
  async start(): Promise<void> {
    const { signal, transports, windowMs = 1500 } = this.#options;
    if (signal?.aborted) throw new AbortError("CascadeServer.start", signal.reason);
    if (this.#state !== "new") {
      throw new EdgewrightError(
        "disposed",
        "CascadeServer.start: a server starts once; make a new one",
      );
    }
    this.#state = "running";
    signal?.addEventListener("abort", () => void this.stop({ drain: false }), { once: true });
    try {
      for (const transport of transports) {
        await transport.start({
          onFrame: (frame, peer) => {
            this.#receive(frame, peer, transport).catch(() => peer.disconnect("internal error"));
          },
          onPeerLost: (peer) => this.#lose(peer),
        });
      }
    } catch (error) {
      await this.stop({ drain: false });
      throw error;
    }
    this.#windows = setInterval(() => this.#endWindow(), windowMs);
  }

  /**
   * Stops: no new requests, those that were taken are still answered, then all connections end. Calls after the
   * first wait for the same end.
   */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options);
    return this.#stopped;
  }

  /** What it has done so far. */
  stats(): CascadeServerStats {
    return {
      ...this.#counts,
      devices: [...this.#gate.devices.values()].filter(({ joined }) => joined).length,
      queued: this.#batcher.queue.size,
      latency: this.#batcher.latency.coefficients(),
    };
  }

  async #stop({ drain = true, timeoutMs = 10_000 }: StopOptions): Promise<void> {
    this.#state = "stopping";
    clearInterval(this.#windows);
    const { transports } = this.#options;
    await Promise.allSettled(transports.map((transport) => transport.stopAccepting()));
    if (!drain) {
      this.#abort.abort();
      this.#batcher.halt();
    }
    await this.#drained(timeoutMs);
    this.#state = "stopped";
    await Promise.allSettled(transports.map((transport) => transport.close()));
  }

  async #drained(timeoutMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#batcher.drained(), timeout]);
    clearTimeout(timer);
    this.#abort.abort();
    this.#batcher.halt();
  }

  async #receive(frame: Uint8Array, peer: Peer, transport: ServerTransport): Promise<void> {
    const now = this.#now();
    if (!this.#gate.admitsFrame(peer, now)) {
      this.#counts.refused++;
      return;
    }
    if (frame.byteLength > this.#limits.maxPayloadBytes + HEADER_ROOM) {
      const most = `${this.#limits.maxPayloadBytes} bytes of payload at most`;
      return this.#refuse(peer, "too-large", `${most}, the frame has ${frame.byteLength}`);
    }
    let received: { message: DeviceMessage; payload: Uint8Array };
    try {
      received = decodeDeviceFrame(frame);
    } catch (error) {
      const unsupported = EdgewrightError.isInstance(error) && error.code === "unsupported";
      return this.#refuse(peer, unsupported ? "version" : "invalid", (error as Error).message);
    }
    const { message, payload } = received;
    const id = message.type === "request" ? message.id : undefined;
    const device = await this.#gate.identify(message, peer, transport, now);
    if (typeof device === "string") return this.#refuse(peer, "unauthorised", device, id);
    switch (message.type) {
      case "request":
        return this.#take(message, payload, device, peer);
      case "join":
        return this.#join(message, device, peer);
      case "report":
        return this.#report(message, device);
      case "leave":
        return this.#leave(device);
      case "heartbeat":
        return;
    }
  }

  #take(message: RequestMessage, payload: Uint8Array, device: KnownDevice, peer: Peer): void {
    const { id, budgetMs } = message;
    const now = this.#now();
    this.#counts.requests++;
    const known = this.#ledger.find(device.device, id);
    const fault = this.#faultOf(payload);
    if (known) {
      this.#counts.repeated++;
      known.peer = peer;
      if (known.answer) peer.send(known.answer);
    } else if (fault) this.#refuse(peer, fault.code, fault.message, id);
    else if (this.#state !== "running") this.#turnAway(peer, id, "stopping");
    else if (device.inFlight >= this.#limits.maxInFlight || !device.requests.take(now)) {
      this.#turnAway(peer, id, "busy");
    } else {
      const entry = this.#ledger.enter(device.device, id, peer, now);
      device.inFlight++;
      const verdict = this.#batcher.offer({
        id,
        device: device.device,
        deadline: now + budgetMs,
        payload: { input: floatsOfPayload(payload), since: now },
      });
      if (verdict === "accepted") return;
      device.inFlight--;
      this.#ledger.forget(entry);
      this.#turnAway(peer, id, "busy");
    }
  }

  #faultOf({ byteLength }: Uint8Array): { code: RefusalCode; message: string } | undefined {
    const { maxPayloadBytes } = this.#limits;
    const { inputLength } = this.#options;
    if (byteLength > maxPayloadBytes) {
      const message = `${maxPayloadBytes} bytes of payload at most, the request has ${byteLength}`;
      return { code: "too-large", message };
    }
    if (byteLength % 4 === 0 && (inputLength === undefined || byteLength === 4 * inputLength)) {
      return undefined;
    }
    const wanted = inputLength === undefined ? "float32 values" : `${inputLength} float32 values`;
    return { code: "invalid", message: `${wanted} were expected, got ${byteLength} bytes` };
  }

  #conclude(item: BatchItem<BatchedInput>, outcome: BatchOutcome): void {
    const device = this.#gate.devices.get(item.device);
    if (device) device.inFlight = Math.max(0, device.inFlight - 1);
    const entry = this.#ledger.find(item.device, String(item.id));
    this.#counts[outcome.status]++;
    if (!entry) return;
    const { output, status, batch, queueMs, computeMs } = outcome;
    const frame = encodeFrame(
      { v, type: "answer", id: entry.id, server: this.name, status, batch, queueMs, computeMs },
      output && payloadOfFloats(output),
    );
    this.#ledger.settle(entry, frame, this.#now());
    entry.peer.send(frame);
  }

  async #join(message: JoinMessage, device: KnownDevice, peer: Peer): Promise<void> {
    const { controller } = this.#options;
    const shared = await this.#sharedThreshold(device);
    const known = controller?.thresholdOf(message.device);
    this.#enrol(device, shared ?? known ?? message.threshold, message.tier);
    peer.send(
      encodeFrame({
        v,
        type: "welcome",
        device: message.device,
        server: this.name,
        threshold: controller?.thresholdOf(message.device) ?? message.threshold,
        maxInFlight: this.#limits.maxInFlight,
        maxPayloadBytes: this.#limits.maxPayloadBytes,
      }),
    );
  }

  #report(message: ReportMessage, device: KnownDevice): void {
    const { controller } = this.#options;
    const { threshold, total, satisfied, forwarded } = message;
    // Whoever does not decide follows what the device was told, so that it can take over at any time.
    const follows = device.transport.thresholds?.leads === false;
    if (!device.joined || (follows && controller?.thresholdOf(device.device) !== threshold)) {
      this.#enrol(device, threshold, message.tier);
    }
    controller?.report(device.device, { inSlo: satisfied, total, forwarded }, this.#now());
  }

  #enrol(device: KnownDevice, threshold: number, tier: string | undefined): void {
    device.joined = true;
    const joining = { threshold, ...(tier !== undefined && { tier }) };
    this.#options.controller?.join(device.device, joining, this.#now());
  }

  #leave(device: KnownDevice): void {
    this.#gate.forget(device.device);
    this.#options.controller?.leave(device.device, this.#now());
  }

  #lose(peer: Peer): void {
    for (const device of this.#gate.devices.values()) {
      if (device.peer === peer) this.#leave(device);
    }
  }

  async #sharedThreshold({ device, transport }: KnownDevice): Promise<number | undefined> {
    try {
      const frame = await transport.thresholds?.get(device);
      const message = frame && decodeServerFrame(frame).message;
      return message?.type === "threshold" ? message.threshold : undefined;
    } catch {
      // A store that cannot be read is no reason to turn a device away: it says what it uses.
      return undefined;
    }
  }

  #endWindow(): void {
    const { controller } = this.#options;
    const now = this.#now();
    for (const device of this.#gate.devices.values()) {
      if (device.lastSeen + this.#limits.deviceTimeoutMs < now) this.#leave(device);
    }
    for (const [name, threshold] of controller?.update(now) ?? []) {
      const device = this.#gate.devices.get(name);
      if (!device) continue;
      const frame = encodeFrame({
        v,
        type: "threshold",
        device: name,
        threshold,
        server: this.name,
      });
      const { thresholds } = device.transport;
      if (!thresholds) device.peer.send(frame);
      // One that is not stored is decided anew, from the device's next report.
      else if (thresholds.leads) thresholds.put(name, frame).catch(() => undefined);
    }
  }

  #turnAway(peer: Peer, id: string, status: AnswerStatus): void {
    if (status === "busy") this.#counts.busy++;
    const none = { batch: 0, queueMs: 0, computeMs: 0 };
    peer.send(encodeFrame({ v, type: "answer", id, server: this.name, status, ...none }));
  }

  #refuse(peer: Peer, code: RefusalCode, message: string, id?: string): void {
    this.#counts.refused++;
    const short = message.slice(0, 2048);
    peer.send(
      encodeFrame({ v, type: "refusal", code, message: short, ...(id !== undefined && { id }) }),
    );
    this.#gate.countFault(peer, this.#now());
  }
}
