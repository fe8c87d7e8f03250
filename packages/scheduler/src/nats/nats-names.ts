/**
 * Options that NATS devices and servers of one cascade must share. With NATS's own permissions, devices need no more
 * than to publish to `<prefix>.work` and `<prefix>.control`, to hear their inbox, and to read the bucket
 * `<prefix>-thresholds`; only servers should write to it.
 */
export interface NatsCascadeNames {
  /** First part of all subjects and buckets: letters, digits, `_` and `-`. @default "cascade" */
  readonly prefix?: string;
}

/** Subjects, queue group and key-value buckets of a cascade. */
export interface NatsNames {
  /** Requests, to one of the servers. */
  readonly work: string;
  /** Joins, reports and farewells, to all servers. */
  readonly control: string;
  /** The queue group of the servers. */
  readonly group: string;
  /** Bucket of the thresholds, by device. */
  readonly thresholds: string;
  /** Bucket whose one key names the server that decides. */
  readonly lead: string;
}

/** The names for a prefix. */
export function namesOf({ prefix = "cascade" }: NatsCascadeNames): NatsNames {
  return {
    work: `${prefix}.work`,
    control: `${prefix}.control`,
    group: `${prefix}-servers`,
    thresholds: `${prefix}-thresholds`,
    lead: `${prefix}-lead`,
  };
}
