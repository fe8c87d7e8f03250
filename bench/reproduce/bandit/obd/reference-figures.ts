// What obp's estimators gave on the Open Bandit logs that come with it: campaign men, 10,000 rows each. They printed
// eight decimals. From st-tech/zr-obp@8cbd5fa, with logistic regression (C = 100, three folds, seed 12345)
// on user and item features as its reward model.

/** One line of the reference table. */
export interface ReferenceFigures {
  /** Mean click of the target policy's own log. */
  readonly onPolicy: number;
  readonly estimates: Readonly<Record<ReferenceEstimator, number>>;
}

/** Estimators of the table, under the names that they have here. */
export type ReferenceEstimator = "ips" | "snips" | "dm" | "dr" | "sndr" | "switch-dr" | "dros";

/** The table, by campaign and direction; only logs of that many rows are those that it is about. */
export const REFERENCE_ROWS = 10_000;

export const REFERENCE: Readonly<Record<string, ReferenceFigures>> = {
  "men random->bts": {
    onPolicy: 0.0069,
    estimates: {
      ips: 0.00453356,
      snips: 0.00460423,
      dm: 0.00426021,
      dr: 0.00450279,
      sndr: 0.00450657,
      "switch-dr": 0.00450279,
      dros: 0.004629,
    },
  },
  "men bts->random": {
    onPolicy: 0.0046,
    estimates: {
      ips: 0.00300863,
      snips: 0.00318942,
      dm: 0.00683573,
      dr: 0.00338767,
      sndr: 0.00318047,
      "switch-dr": 0.00404207,
      dros: 0.00549888,
    },
  },
};
