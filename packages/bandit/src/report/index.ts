/**
 * Pictures of a bandit's log: one page of HTML.
 *
 * @packageDocumentation
 */
export {};
