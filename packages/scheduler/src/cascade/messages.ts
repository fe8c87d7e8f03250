/** Version of the messages between devices and servers of a cascade; both ends must speak the same. */
export const CASCADE_PROTOCOL_VERSION = 1;

/** A device tells a server that it takes part. */
export interface JoinMessage {
  readonly v: number;
  readonly type: "join";
  /** Name of the device: letters, digits, `_` and `-`, at most 64. */
  readonly device: string;
  /** What {@link CascadeServerOptions.authenticate} is asked about. */
  readonly token?: string;
  /** The threshold it uses now, 0 to 1; a server that does not know the device goes on from it. */
  readonly threshold: number;
  /** Devices of one tier share limits and start values. */
  readonly tier?: string;
}

/** A device asks the heavy model. The frame's payload is the input: little-endian float32. */
export interface RequestMessage {
  readonly v: number;
  readonly type: "request";
  readonly device: string;
  readonly token?: string;
  /** Unique for the device; a request that is sent again keeps it. At most 64 characters. */
  readonly id: string;
  /** Time that is left until the device needs the answer, in milliseconds: no clocks need agree. */
  readonly budgetMs: number;
  /** 1 for the first time it is sent. */
  readonly attempt: number;
}

/** A device tells how the last window went. */
export interface ReportMessage {
  readonly v: number;
  readonly type: "report";
  readonly device: string;
  readonly token?: string;
  /** The threshold it uses now, 0 to 1. */
  readonly threshold: number;
  /** Samples that ended in the window. */
  readonly total: number;
  /** Samples of the window that kept their objective. */
  readonly satisfied: number;
  /** Samples of the window that were forwarded. */
  readonly forwarded: number;
  readonly tier?: string;
}

/** A device goes. */
export interface LeaveMessage {
  readonly v: number;
  readonly type: "leave";
  readonly device: string;
  readonly token?: string;
}

/** A device is still there, though it has nothing to report. */
export interface HeartbeatMessage {
  readonly v: number;
  readonly type: "heartbeat";
  readonly device: string;
  readonly token?: string;
}

/** What a device may say. */
export type DeviceMessage =
  | JoinMessage
  | RequestMessage
  | ReportMessage
  | LeaveMessage
  | HeartbeatMessage;

/** The server's answer to {@link JoinMessage}. */
export interface WelcomeMessage {
  readonly v: number;
  readonly type: "welcome";
  readonly device: string;
  readonly server: string;
  readonly threshold: number;
  /** Requests that the device may have under way at once. */
  readonly maxInFlight: number;
  /** Most bytes of a request's payload. */
  readonly maxPayloadBytes: number;
}

/**
 * How a request ended: `done` carries the heavy model's output as payload (little-endian float32); `busy`: the
 * queue is full or the device asks too much; `late`: it could not be ready in time and was not computed; `failed`:
 * the model threw; `stopping`: this server ends, ask another.
 */
export type AnswerStatus = "done" | "busy" | "late" | "failed" | "stopping";

/** The server's answer to {@link RequestMessage}. */
export interface AnswerMessage {
  readonly v: number;
  readonly type: "answer";
  readonly id: string;
  readonly server: string;
  readonly status: AnswerStatus;
  /** Requests in the batch it was computed in; 0 when it was not computed. */
  readonly batch: number;
  /** Time it waited at the server, in milliseconds. */
  readonly queueMs: number;
  /** Time its batch took, in milliseconds. */
  readonly computeMs: number;
}

/** The server sets a device's threshold. */
export interface ThresholdMessage {
  readonly v: number;
  readonly type: "threshold";
  readonly device: string;
  readonly threshold: number;
  /** Name of the server that decided. */
  readonly server: string;
}

/** Why a message was refused. */
export type RefusalCode = "unauthorised" | "invalid" | "too-large" | "version" | "flood";

/** The server refuses a message. */
export interface RefusalMessage {
  readonly v: number;
  readonly type: "refusal";
  readonly code: RefusalCode;
  /** What was expected and what came, for people. */
  readonly message: string;
  /** Of the request that was refused, when it could be read. */
  readonly id?: string;
}

/** What a server may say. */
export type ServerMessage = WelcomeMessage | AnswerMessage | ThresholdMessage | RefusalMessage;

/** A message with the bytes that came with it. */
export interface Received<M> {
  readonly message: M;
  readonly payload: Uint8Array;
}
