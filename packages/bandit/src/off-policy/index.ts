/**
 * Off-policy evaluation: what another policy would have earned, from the log of the one that ran.
 *
 * @packageDocumentation
 */
export {};
