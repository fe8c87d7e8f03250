import { ValidationError } from "@edgewright/core";
import * as z from "zod/mini";
import type { DeviceMessage, ServerMessage } from "./messages.js";

const name = () => z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
const token = () => z.exactOptional(z.string().check(z.maxLength(1024)));
const id = () => z.string().check(z.minLength(1), z.maxLength(64));
const tier = () => z.exactOptional(z.string().check(z.maxLength(64)));
const share = () => z.number().check(z.gte(0), z.lte(1));
const count = () => z.int().check(z.gte(0), z.lte(1e9));
const milliseconds = () => z.number().check(z.gte(0), z.lte(1e9));

const deviceMessageSchema: z.ZodMiniType<DeviceMessage> = /*@__PURE__*/ (() =>
  z.discriminatedUnion("type", [
    z.strictObject({
      v: z.number(),
      type: z.literal("join"),
      device: name(),
      token: token(),
      threshold: share(),
      tier: tier(),
    }),
    z.strictObject({
      v: z.number(),
      type: z.literal("request"),
      device: name(),
      token: token(),
      id: id(),
      budgetMs: milliseconds(),
      attempt: count(),
    }),
    z.strictObject({
      v: z.number(),
      type: z.literal("report"),
      device: name(),
      token: token(),
      threshold: share(),
      total: count(),
      satisfied: count(),
      forwarded: count(),
      tier: tier(),
    }),
    z.strictObject({ v: z.number(), type: z.literal("leave"), device: name(), token: token() }),
    z.strictObject({ v: z.number(), type: z.literal("heartbeat"), device: name(), token: token() }),
  ]))();

const serverMessageSchema: z.ZodMiniType<ServerMessage> = /*@__PURE__*/ (() =>
  z.discriminatedUnion("type", [
    z.strictObject({
      v: z.number(),
      type: z.literal("welcome"),
      device: name(),
      server: name(),
      threshold: share(),
      maxInFlight: count(),
      maxPayloadBytes: count(),
    }),
    z.strictObject({
      v: z.number(),
      type: z.literal("answer"),
      id: id(),
      server: name(),
      status: z.enum(["done", "busy", "late", "failed", "stopping"]),
      batch: count(),
      queueMs: milliseconds(),
      computeMs: milliseconds(),
    }),
    z.strictObject({
      v: z.number(),
      type: z.literal("threshold"),
      device: name(),
      threshold: share(),
      server: name(),
    }),
    z.strictObject({
      v: z.number(),
      type: z.literal("refusal"),
      code: z.enum(["unauthorised", "invalid", "too-large", "version", "flood"]),
      message: z.string().check(z.maxLength(2048)),
      id: z.exactOptional(id()),
    }),
  ]))();

/** What a device said, when it is one of its messages. @throws ValidationError with the path of the first fault */
export function checkDeviceMessage(value: unknown): DeviceMessage {
  const message = check(deviceMessageSchema, value, "a device's message");
  if (message.type === "report" && Math.max(message.satisfied, message.forwarded) > message.total) {
    throw new ValidationError(
      `a device's message: ${message.satisfied} satisfied and ${message.forwarded} forwarded of ${message.total}`,
      { where: "satisfied" },
    );
  }
  return message;
}

/** What a server said, when it is one of its messages. @throws ValidationError with the path of the first fault */
export function checkServerMessage(value: unknown): ServerMessage {
  return check(serverMessageSchema, value, "a server's message");
}

function check<T>(schema: z.ZodMiniType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).map(String).join(".");
  // zod/mini has no messages of its own; the code says what kind of fault it is.
  throw new ValidationError(
    `${where}: at ${path || "the top"}: ${issue?.code.replace("_", " ") ?? "invalid"}`,
    { where: path, cause: result.error },
  );
}
