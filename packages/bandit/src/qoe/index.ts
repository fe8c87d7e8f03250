/**
 * Which model suits which device and user: contexts from devices, arms from models, rewards from quality of experience.
 *
 * @packageDocumentation
 */
export {};
