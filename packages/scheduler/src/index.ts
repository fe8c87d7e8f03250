/**
 * Decides what runs when and where: plans under service-level objectives, pre-emptive scheduling of many models,
 * cascades over many devices.
 *
 * @packageDocumentation
 */
export type { Policy, ReadyQueue } from "./policies/policy.js";
export type { CompletedTask, Segment, TaskOutcome } from "./tasks/completed-task.js";
export type { Task } from "./tasks/task.js";
