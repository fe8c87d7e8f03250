import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluateOffPolicy } from "./evaluate-off-policy.js";
import type { LoggedData } from "./logged-data.js";
import { readOpenBandit } from "./read-open-bandit.js";
import { uniformTarget } from "./target-policy.js";
import { type WeightedLog, weighLog } from "./weigh-log.js";
import { ips, snips } from "./weighting-estimators.js";

const shared =
  env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const folder = join(shared, "data", "bandit", "obd");
const here = existsSync(join(folder, "bts", "men", "men.csv"));
if (!here)
  process.stderr.write(`skipped: no Open Bandit logs in ${folder}; set EDGEWRIGHT_SHARED\n`);

// NumPy, written apart from the code here:
//   rows = list(csv.reader(open("bts/men/men.csv"))); head = rows.pop(0)
//   r = np.array([float(x[head.index("click")]) for x in rows])
//   p = np.array([float(x[head.index("propensity_score")]) for x in rows])
//   w = (1 / 34) / p
//   repr(float((w * r).mean())), repr(float((w * r).sum() / w.sum()))
const NUMPY = { ips: 0.003008626327256482, snips: 0.003189423162277403 };

describe.skipIf(!here)("the small Open Bandit logs, men, bts to random", () => {
  let data: LoggedData;
  let log: WeightedLog;
  beforeAll(async () => {
    const place = join(folder, "bts", "men");
    data = await readOpenBandit(createReadStream(join(place, "men.csv")), {
      items: createReadStream(join(place, "item_context.csv")),
    });
    log = weighLog(data, uniformTarget());
  });

  test("IPS and SNIPS equal NumPy's to 1e-12 and the reference's printed eight decimals", () => {
    expect(Math.abs(ips(log).value - NUMPY.ips)).toBeLessThan(1e-12);
    expect(Math.abs(snips(log).value - NUMPY.snips)).toBeLessThan(1e-12);
    expect(ips(log).value.toFixed(8)).toBe("0.00300863");
    expect(snips(log).value.toFixed(8)).toBe("0.00318942");
  });

  test("the log is what it is said to be, and its few clicks are pointed out", async () => {
    expect(data.rows).toBe(10_000);
    expect(data.arms).toHaveLength(34);
    expect(data.rewards.reduce((sum, r) => sum + r, 0)).toBe(69);
    const { logging, estimates } = await evaluateOffPolicy(data, uniformTarget(), {
      seed: 1,
      interval: "normal",
      estimators: ["dr"],
    });
    expect(logging.value).toBe(0.0069);
    expect(estimates[0]!.value).toBeGreaterThan(0);
  });
});
